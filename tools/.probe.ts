import { createNodeGpu } from '../src/engine/gpu/node.ts'
import { createGpuExecutor, GpuExecutor } from '../src/engine/gpu/gpu-executor.ts'
import { createTwinExecutor } from '../src/engine/twin/twin-executor.ts'
import { randomJobs, RANDOM_CONFIGS } from '../test/support/random-jobs.ts'
const gpu = await createNodeGpu()
let jobsN=0, bad=0
async function drain(ex:any,n:number){const out:any[]=[];while(out.length<n){await ex.settled();out.push(...ex.take())}return out}
setInterval(()=>console.log("alive"),2000).unref();const SEEDS=Number(process.argv[2]??20)
const t0=performance.now()
for (const [ci,config] of RANDOM_CONFIGS.entries()) {
  const small = {listWords:64,payloadWords:2048,dispatches:16,marks:2,stamps:16,ioWords:64,bulkWords:2048,smallUploadWords:1024}
  for (const flushLimits of [{}, small]) {
  const g = await createGpuExecutor(gpu, config, {flushLimits}); const t = createTwinExecutor(config)
  if (!(g instanceof GpuExecutor)) throw new Error(g.message)
  let seq=1
  for (let seed=0; seed<SEEDS; seed++) {
    if(process.env.V) console.log("seed",seed);const jobs = randomJobs(seed*7+ci, config, 20, seq); seq+=20
    const extra = {seq: seq++, queue:'x', label:'all', timed:false, commands: config.spaces.map((s,i)=>({op:'readback' as const,space:i,frame:0,pages:s.pages}))}
    for (const j of [...jobs, extra]) { if(process.env.V)console.log(j.seq,j.commands.map((c:any)=>c.op).join(" ")); g.submit(j); t.submit(j); jobsN++ }
    const a = await drain(g,21), b = await drain(t,21)
    for (let i=0;i<21;i++) {
      const x=a[i], y=b[i]
      const eq=(p:Uint32Array,q:Uint32Array)=>p.length===q.length&&p.every((v,k)=>v===q[k])
      if (x.seq!==y.seq||x.status!==y.status||x.dropped!==y.dropped||!eq(x.faults,y.faults)||!eq(x.io,y.io)) {
        bad++; if (bad<5) { const k=x.io.findIndex((v:number,k:number)=>v!==y.io[k]); console.log('DIFF config',ci,'seed',seed,'job',i,x.status,y.status,x.dropped,y.dropped,x.faults.length,y.faults.length, 'io',x.io.length,y.io.length,'first',k,x.io[k],y.io[k], ([...jobs,extra][i]!).commands.map((c:any)=>c.op).join(' ')) }
        break
      }
    }
  }
  console.log(ci, Object.keys(flushLimits).length, performance.now()-t0); g.destroy()
}}
console.log('jobs',jobsN,'bad',bad,'ms',performance.now()-t0)
