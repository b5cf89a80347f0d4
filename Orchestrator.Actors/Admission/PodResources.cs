using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission;

/// <summary>Requests and limits of pods, exactly, as admission compares them with what is allowed.</summary>
/// <remarks>Source: k8s.io/component-helpers, resource.PodRequests and PodLimits. The scheduler has its own faster, rounded form.</remarks>
public static class PodResources
{
    /// <summary>The requests of a pod: the greater of what runs together and what init containers need at their time, plus overhead.</summary>
    public static Dictionary<string, Quantity> Requests(JsonObject podSpec)
    {
        var total = Total(podSpec, "requests");
        if (podSpec["overhead"] is JsonObject overhead) Add(total, Read(overhead));
        return total;
    }

    /// <summary>The limits of a pod. Overhead counts only for what has a limit at all.</summary>
    public static Dictionary<string, Quantity> Limits(JsonObject podSpec)
    {
        var total = Total(podSpec, "limits");
        foreach (var (name, amount) in Read(podSpec["overhead"] as JsonObject))
            if (total.TryGetValue(name, out var limit) && !limit.IsZero) total[name] = limit + amount;
        return total;
    }

    /// <summary>A ResourceList; what is no quantity, which validation refuses, is left out.</summary>
    public static Dictionary<string, Quantity> Read(JsonObject? list)
    {
        var amounts = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        if (list is null) return amounts;
        foreach (var (name, value) in list)
            if (TryRead(value, out var amount)) amounts[name] = amount;
        return amounts;
    }

    public static bool TryRead(JsonNode? value, out Quantity amount)
    {
        amount = default;
        return value is JsonValue && Quantity.TryParse(JsonTree.AsString(value) ?? JsonTree.ToText(value), out amount);
    }

    public static IEnumerable<JsonObject> Containers(JsonObject? podSpec, string list) =>
        JsonTree.Array(podSpec, list)?.OfType<JsonObject>() ?? [];

    public static void Add(Dictionary<string, Quantity> to, IEnumerable<KeyValuePair<string, Quantity>> amounts)
    {
        foreach (var (name, amount) in amounts) to[name] = to.TryGetValue(name, out var sum) ? sum + amount : amount;
    }

    private static Dictionary<string, Quantity> Total(JsonObject podSpec, string field)
    {
        var running = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in Containers(podSpec, "containers")) Add(running, Amounts(container, field));
        var sidecars = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var starting = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in Containers(podSpec, "initContainers"))
        {
            var amounts = Amounts(container, field);
            if (JsonTree.String(container, "restartPolicy") == "Always")
            {
                Add(running, amounts);
                Add(sidecars, amounts);
                amounts = new Dictionary<string, Quantity>(sidecars, StringComparer.Ordinal);
            }
            else Add(amounts, sidecars);
            Max(starting, amounts);
        }
        Max(running, starting);
        // A pod may say for itself what all its containers take together.
        foreach (var (name, amount) in Amounts(podSpec, field)) running[name] = amount;
        return running;
    }

    private static Dictionary<string, Quantity> Amounts(JsonObject owner, string field) => Read(JsonTree.Object(JsonTree.Object(owner, "resources"), field));

    private static void Max(Dictionary<string, Quantity> to, Dictionary<string, Quantity> amounts)
    {
        foreach (var (name, amount) in amounts)
            if (!to.TryGetValue(name, out var most) || amount > most) to[name] = amount;
    }
}
