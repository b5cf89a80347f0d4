using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.LimitRanges;

/// <summary>What limit ranges put into pods, and what they refuse. Pure.</summary>
/// <remarks>Source: kube-apiserver, admission plugin LimitRanger.</remarks>
public static class LimitRangeCheck
{
    private const string Annotation = "kubernetes.io/limit-ranger";

    /// <summary>Gives containers the requests and limits that they lack, and notes that in an annotation.</summary>
    /// <returns>Whether anything was set.</returns>
    public static bool SetDefaults(JsonObject pod, IReadOnlyList<LimitRangeItem> items)
    {
        if (JsonTree.Object(pod, "spec") is not { } spec) return false;
        var told = new List<string>();
        foreach (var (list, what) in ((string, string)[])[("containers", "container"), ("initContainers", "init container")])
            foreach (var container in PodResources.Containers(spec, list))
            {
                var name = JsonTree.String(container, "name");
                Merge(container, "requests", "request", items.Select(static i => i.DefaultRequest));
                Merge(container, "limits", "limit", items.Select(static i => i.Default));

                void Merge(JsonObject owner, string field, string noun, IEnumerable<ImmutableSortedDictionary<string, Quantity>> defaults)
                {
                    var set = new SortedSet<string>(StringComparer.Ordinal);
                    foreach (var (resource, amount) in defaults.SelectMany(static d => d))
                    {
                        var amounts = JsonTree.Ensure(JsonTree.Ensure(owner, "resources"), field);
                        if (!amounts.TryAdd(resource, amount.ToString())) continue;
                        set.Add(resource);
                    }
                    if (set.Count > 0) told.Add($"{string.Join(", ", set)} {noun} for {what} {name}");
                }
            }
        if (told.Count == 0) return false;
        JsonTree.Ensure(JsonTree.Ensure(pod, "metadata"), "annotations")[Annotation] = "LimitRanger plugin set: " + string.Join("; ", told);
        return true;
    }

    /// <summary>What one limit range holds against a pod, all of it; empty when it is within bounds.</summary>
    public static List<string> Pod(JsonObject pod, IReadOnlyList<LimitRangeItem> items)
    {
        var faults = new List<string>();
        if (JsonTree.Object(pod, "spec") is not { } spec) return faults;
        foreach (var item in items)
        {
            if (item.Type == "Container")
            {
                foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
                    foreach (var container in PodResources.Containers(spec, list))
                    {
                        var resources = JsonTree.Object(container, "resources");
                        Check(item, PodResources.Read(JsonTree.Object(resources, "requests")), PodResources.Read(JsonTree.Object(resources, "limits")), faults);
                    }
            }
            else if (item.Type == "Pod") Check(item, PodResources.Requests(spec), PodResources.Limits(spec), faults);
        }
        return faults;
    }

    /// <summary>What one limit range holds against a claim.</summary>
    public static List<string> Claim(JsonObject claim, IReadOnlyList<LimitRangeItem> items)
    {
        var faults = new List<string>();
        var requests = PodResources.Read(JsonTree.At(claim, ["spec", "resources", "requests"]) as JsonObject);
        foreach (var item in items)
        {
            if (item.Type != "PersistentVolumeClaim") continue;
            foreach (var (name, min) in item.Min) Minimum(item.Type, name, min, requests, [], faults);
            foreach (var (name, max) in item.Max)
            {
                var allowed = $"maximum {name} usage per {item.Type} is {max}";
                if (!requests.TryGetValue(name, out var request)) faults.Add($"{allowed}.  No request is specified");
                else if (request > max) faults.Add($"{allowed}, but request is {request}");
            }
        }
        return faults;
    }

    private static void Check(LimitRangeItem item, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits, List<string> faults)
    {
        foreach (var (name, min) in item.Min) Minimum(item.Type, name, min, requests, limits, faults);
        foreach (var (name, max) in item.Max)
        {
            var allowed = $"maximum {name} usage per {item.Type} is {max}";
            if (!limits.TryGetValue(name, out var limit)) faults.Add($"{allowed}.  No limit is specified");
            else if (limit > max) faults.Add($"{allowed}, but limit is {limit}");
            else if (requests.TryGetValue(name, out var request) && request > max) faults.Add($"{allowed}, but request is {request}");
        }
        foreach (var (name, ratio) in item.MaxLimitRequestRatio)
        {
            var allowed = $"{name} max limit to request ratio per {item.Type} is {ratio}";
            if (!requests.TryGetValue(name, out var request) || request.IsZero) faults.Add($"{allowed}, but no request is specified or request is 0");
            else if (!limits.TryGetValue(name, out var limit) || limit.IsZero) faults.Add($"{allowed}, but no limit is specified or limit is 0");
            else if (Ratio(limit, request) is var given && given * 1000 > ratio.Milli)
                faults.Add($"{allowed}, but provided ratio is {given.ToString("F6", CultureInfo.InvariantCulture)}");
        }
    }

    private static void Minimum(
        string type, string name, Quantity min, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits, List<string> faults)
    {
        var needed = $"minimum {name} usage per {type} is {min}";
        if (!requests.TryGetValue(name, out var request)) faults.Add($"{needed}.  No request is specified");
        else if (request < min) faults.Add($"{needed}, but request is {request}");
        else if (limits.TryGetValue(name, out var limit) && limit < min) faults.Add($"{needed}, but limit is {limit}");
    }

    // Thousandths of bytes beyond a petabyte do not fit, and do not matter.
    private static double Ratio(Quantity limit, Quantity request) =>
        limit.Units > long.MaxValue / 1000 ? (double)limit.Units / request.Units : (double)limit.Milli / request.Milli;
}
