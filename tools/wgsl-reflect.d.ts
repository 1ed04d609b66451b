// Types of wgsl_reflect's ES module, which ships its types under the package's bare name only.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
