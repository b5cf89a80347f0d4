using System.Text.Json;
using Orchestrator.Actors.Scheduling;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>What a pod asks of a node.</summary>
/// <remarks>
/// Containers and sidecars run together, so they add up; an init container runs alone beside the sidecars started before it,
/// so only the greatest such moment counts. Example: app 100m, sidecar 50m, an init container behind the sidecar 200m:
/// max(100+50, 200+50) = 250m. Source: k8s.io/component-helpers, resource.PodRequests.
/// </remarks>
public static class PodRequests
{
    public static ResourceAmounts Of(JsonElement podSpec)
    {
        var running = ResourceAmounts.Zero;
        foreach (var container in podSpec.Items("containers")) running = running.Plus(RequestsOf(container));
        var sidecars = ResourceAmounts.Zero;
        var starting = ResourceAmounts.Zero;
        foreach (var container in podSpec.Items("initContainers"))
        {
            var requests = RequestsOf(container);
            if (IsSidecar(container))
            {
                sidecars = sidecars.Plus(requests);
                starting = starting.Max(sidecars);
            }
            else starting = starting.Max(sidecars.Plus(requests));
        }
        var total = running.Plus(sidecars).Max(starting);
        return podSpec.Get("overhead").Exists() ? total.Plus(ResourceAmounts.Read(podSpec.Get("overhead"))) : total;
    }

    /// <summary>An init container that keeps running beside the containers.</summary>
    public static bool IsSidecar(JsonElement initContainer) => initContainer.Text("restartPolicy") == "Always";

    // A limit without a request is a request; defaulting has filled it in for stored pods, yet not for templates.
    private static ResourceAmounts RequestsOf(JsonElement container)
    {
        var requests = container.Get("resources", "requests");
        var limits = container.Get("resources", "limits");
        if (!limits.Exists()) return ResourceAmounts.Read(requests);
        var asked = ResourceAmounts.Read(requests);
        var capped = ResourceAmounts.Read(limits);
        var extended = asked.Extended;
        foreach (var (name, value) in capped.Extended)
            if (!extended.ContainsKey(name)) extended = extended.SetItem(name, value);
        return new ResourceAmounts(
            requests.Get("cpu").Exists() ? asked.CpuMilli : capped.CpuMilli,
            requests.Get("memory").Exists() ? asked.MemoryBytes : capped.MemoryBytes,
            requests.Get("ephemeral-storage").Exists() ? asked.EphemeralStorageBytes : capped.EphemeralStorageBytes,
            extended);
    }
}
