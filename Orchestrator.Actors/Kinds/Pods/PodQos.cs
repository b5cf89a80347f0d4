using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>The quality of service class of a pod.</summary>
/// <remarks>Source: kubernetes pkg/apis/core/helper/qos. Only cpu and memory count.</remarks>
public static class PodQos
{
    public static string Of(JsonObject spec)
    {
        var any = false;
        var guaranteed = true;
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            if (spec[list] is not JsonArray containers) continue;
            for (var i = 0; i < containers.Count; i++)
            {
                var resources = (containers[i] as JsonObject)?["resources"] as JsonObject;
                foreach (var name in (ReadOnlySpan<string>)["cpu", "memory"])
                {
                    var limit = Amount(resources, "limits", name);
                    var request = Amount(resources, "requests", name);
                    any |= limit is not null || request is not null;
                    guaranteed &= limit is not null && (request is null || request == limit);
                }
            }
        }
        if (!any) return "BestEffort";
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    private static Quantity? Amount(JsonObject? resources, string kind, string name) =>
        (resources?[kind] as JsonObject)?[name] is { } node
        && Quantity.TryParse(JsonTree.AsString(node) ?? JsonTree.ToText(node), out var amount) && !amount.IsZero
            ? amount
            : null;
}
