// Each test is several processes already; two at a time would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
