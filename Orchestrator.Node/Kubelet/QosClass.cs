using Orchestrator.Actors.Resources;

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
                var request = Quantity.ParseOrZero(container.Requests.GetValueOrDefault(resource, "0"));
                var limit = Quantity.ParseOrZero(container.Limits.GetValueOrDefault(resource, "0"));
                any |= request.Sign > 0 || limit.Sign > 0;
                guaranteed &= limit.Sign > 0 && (request.CompareTo(limit) == 0 || !container.Requests.ContainsKey(resource));
            }
        }
        return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
