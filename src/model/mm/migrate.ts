// Migration of a virtual span: collect, then the caller copies, then commit and finish (gpusvm-and-pagemap.md §4.1).
export { MIGRATE_FLAG, MIGRATE_SELECT, MigrateVectors } from './migrate-vectors.ts';
export { migrateDeviceFinalize, migrateDevicePages, migrateDevicePfns } from './migrate-device.ts';
