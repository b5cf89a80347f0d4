using System.Text.Json;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Turns the name of a pod's priority class into its priority, and allows one default class only.</summary>
/// <remarks>Source: kube-apiserver, admission plugin Priority.</remarks>
public sealed class Priority : IAdmissionPlugin
{
    private const string Preempts = "PreemptLowerPriority";

    // The pods of the system must not depend on their classes having been made.
    private static readonly Class ClusterCritical = new("system-cluster-critical", 2_000_000_000, Preempts, false);
    private static readonly Class NodeCritical = new("system-node-critical", 2_000_001_000, Preempts, false);
    private static readonly Class None = new("", 0, Preempts, false);

    public string Name => "Priority";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (!request.IsOf(ResourceTypes.Pods)) return ValueTask.FromResult<ApiError?>(null);
        if (request.Operation == AdmissionOperation.Update) KeepComputed(request);
        if (request.Operation != AdmissionOperation.Create) return ValueTask.FromResult<ApiError?>(null);
        var pending = registries.InformerAsync(ResourceTypes.PriorityClasses, cancellationToken);
        return pending.IsCompletedSuccessfully && AdmitPod(request, pending.Result.Objects) is null
            ? ValueTask.FromResult<ApiError?>(null)
            : AdmitLateAsync(request, registries, cancellationToken);
    }

    public async ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (!request.IsOf(ResourceTypes.PriorityClasses) || request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update)
            || JsonTree.Bool(request.Object, "globalDefault") != true)
            return null;
        var classes = await registries.ConsistentAsync(ResourceTypes.PriorityClasses, cancellationToken).ConfigureAwait(false);
        return Default(classes.Objects) is { } existing && existing.Name != request.Key.Name
            ? ApiError.Forbidden(ResourceTypes.PriorityClasses, request.Key.Name,
                $"PriorityClass {existing.Name} is already marked as default. Only one default can exist")
            : null;
    }

    // A class may have been made a moment ago through another process.
    private static async ValueTask<ApiError?> AdmitLateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        AdmitPod(request, (await registries.ConsistentAsync(ResourceTypes.PriorityClasses, cancellationToken).ConfigureAwait(false)).Objects);

    // A replacement made from the manifest alone leaves out what was computed.
    private static void KeepComputed(AdmissionRequest request)
    {
        if (JsonTree.Object(request.Object, "spec") is not { } spec || (spec["priority"] is not null && spec["preemptionPolicy"] is not null)) return;
        using var document = JsonDocument.Parse(request.Stored!.Json);
        var stored = document.RootElement.Get("spec");
        if (spec["priority"] is null && stored.TryGetProperty("priority", out var priority)) spec["priority"] = priority.GetInt64();
        if (spec["preemptionPolicy"] is null && stored.Text("preemptionPolicy") is { Length: > 0 } policy) spec["preemptionPolicy"] = policy;
    }

    private static ApiError? AdmitPod(AdmissionRequest request, ObjectIndex classes)
    {
        if (JsonTree.Object(request.Object, "spec") is not { } spec) return null;
        var name = JsonTree.String(spec, "priorityClassName");
        var found = string.IsNullOrEmpty(name) ? Default(classes) ?? None
            : classes.Get(new ObjectKey("", name)) is { } stored ? Class.Of(stored)
            : name == ClusterCritical.Name ? ClusterCritical : name == NodeCritical.Name ? NodeCritical : null;
        if (found is null) return Forbidden(request, $"no PriorityClass with name {name} was found");
        if (JsonTree.Int64(spec, "priority") is { } given && given != found.Value)
            return Forbidden(request, $"the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {found.Value} from the given PriorityClass name");
        if (JsonTree.String(spec, "preemptionPolicy") is { Length: > 0 } policy && policy != found.PreemptionPolicy)
            return Forbidden(request, $"the string value of PreemptionPolicy ({policy}) must not be provided in pod spec; priority admission controller computed {found.PreemptionPolicy} from the given PriorityClass name");
        if (string.IsNullOrEmpty(name) && found.Name.Length > 0) spec["priorityClassName"] = found.Name;
        spec["priority"] = found.Value;
        spec["preemptionPolicy"] = found.PreemptionPolicy;
        return null;
    }

    private static ApiError Forbidden(AdmissionRequest request, string why) => ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, why);

    // Two defaults can come about when two are made at once; then the lower one counts.
    private static Class? Default(ObjectIndex classes)
    {
        Class? lowest = null;
        if (classes.Count == 0) return null;
        foreach (var o in classes.EnumerateFrom())
            if (Class.Of(o) is { GlobalDefault: true } c && (lowest is null || c.Value < lowest.Value)) lowest = c;
        return lowest;
    }

    private sealed record Class(string Name, int Value, string PreemptionPolicy, bool GlobalDefault)
    {
        public static Class Of(StoredObject o) => o.View(static o =>
        {
            using var document = JsonDocument.Parse(o.Json);
            var root = document.RootElement;
            return new Class(o.Key.Name, (int)root.Number("value"), root.Text("preemptionPolicy") is { Length: > 0 } policy ? policy : Preempts, root.Flag("globalDefault"));
        });
    }
}
