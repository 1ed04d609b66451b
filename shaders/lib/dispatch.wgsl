// Dispatches of more than 65,535 groups are spread over two dimensions: this gives the group its number back.

/// Number of a workgroup in a grid that is `width` groups wide. Numbers past the end of the list are the caller's to drop.
fn groupNumber(group: vec3<u32>, width: u32) -> u32 {
  return group.y * width + group.x;
}
