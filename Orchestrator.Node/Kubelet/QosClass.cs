namespace Orchestrator.Node.Kubelet;

/// <summary>A pod's quality of service, from its requests and limits of CPU and memory.</summary>
public static class QosClass
{
    public static string Of(PodManifest pod)
    {
        var any = false;
        var guaranteed = true;
        foreach (var container in pod.InitContainers.Concat(pod.Containers))
        {
            foreach (var resource in (ReadOnlySpan<string>)["cpu", "memory"])
            {
                var request = ResourceAmount.Parse(container.Requests.GetValueOrDefault(resource, "0"));
                var limit = ResourceAmount.Parse(container.Limits.GetValueOrDefault(resource, "0"));
                any |= request > 0 || limit > 0;
                guaranteed &= limit > 0 && (request == limit || !container.Requests.ContainsKey(resource));
            }
        }
        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
