import { createNodeGpu } from '../src/engine/gpu/node.ts'
import { createGpuExecutor, GpuExecutor } from '../src/engine/gpu/gpu-executor.ts'
import { fillSeededPage, pageKey, hashPage } from '../src/base/mix.ts'
const gpu = await createNodeGpu()
const t0=performance.now()
const ex = await createGpuExecutor(gpu, { spaces:[{name:'system',pages:64},{name:'vram0',pages:64}], accessCapacity:1024, faultCapacity:256, tlbLines:64 })
console.log('create ms', performance.now()-t0)
if (!(ex instanceof GpuExecutor)) { console.log(ex); throw 1 }
console.log(ex.info.name, ex.info.software, ex.info.timestamps)
ex.submit({seq:1,queue:'copy0',label:'a',timed:true,commands:[
 {op:'fillSeeded',space:0,frame:3,pages:2,seed:7,pageLo:100},
 {op:'copy',srcSpace:0,srcFrame:3,dstSpace:1,dstFrame:9,pages:2},
 {op:'fill',space:0,frame:0,pages:1,pattern:5},
 {op:'hash',space:1,frame:9,pages:2},
 {op:'readback',space:1,frame:9,pages:2},
 {op:'cpuAccess',frame:0,word:7,kind:1,operand:3},
 {op:'cpuAccess',frame:0,word:7,kind:0,operand:3},
]})
await ex.settled()
const [c]=ex.take()
const want=new Uint32Array(2048); fillSeededPage(want.subarray(0,1024),pageKey(7,100)); fillSeededPage(want.subarray(1024),pageKey(7,101))
const h=new Uint32Array(4); hashPage(want,0,h,0); hashPage(want,1024,h,2)
console.log(c!.status, c!.gpuNs, c!.io.subarray(0,4), h, c!.io.subarray(4,4+2048).every((v,i)=>v===want[i]), c!.io.subarray(2052))
ex.destroy()
