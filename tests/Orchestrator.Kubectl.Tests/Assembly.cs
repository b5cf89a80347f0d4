// Each class runs whole clusters as processes: one after the other they are as fast, and none starves another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
