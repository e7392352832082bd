import cProfile, time, os
from .demo_history import live as real
def live(registry):
    t=time.process_time(); w=time.time()
    p=cProfile.Profile(); p.enable()
    r=real(registry)
    p.disable(); p.dump_stats('/tmp/lead/live.prof')
    print('cpu',time.process_time()-t,'wall',time.time()-w, r)
    return r
