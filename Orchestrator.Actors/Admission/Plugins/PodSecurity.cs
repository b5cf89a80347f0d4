using System.Globalization;
using Orchestrator.Actors.Admission.PodSecurity;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Holds pods to the Pod Security Standards that the labels of their namespace name; templates of workloads are warned about.</summary>
/// <remarks>Source: k8s.io/pod-security-admission, admission.</remarks>
/// <param name="settings">What holds where labels say nothing, and what is not looked at.</param>
public sealed class PodSecurity(PodSecuritySettings settings) : IAdmissionPlugin
{
    /// <summary>Most pods of a namespace that a change of its labels is checked against (count). Source: defaultNamespaceMaxPodsToCheck.</summary>
    private const int ExistingPodsMax = 3000;

    private static readonly HashSet<ResourceType> Workloads =
    [
        ResourceTypes.PodTemplates, ResourceTypes.ReplicationControllers, ResourceTypes.ReplicaSets, ResourceTypes.Deployments, ResourceTypes.StatefulSets,
        ResourceTypes.DaemonSets, ResourceTypes.Jobs, ResourceTypes.CronJobs,
    ];

    private readonly NamespaceLabels _labels = new(settings.Defaults);

    public string Name => "PodSecurity";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update)) return ValueTask.FromResult<ApiError?>(null);
        if (request.IsOf(ResourceTypes.Namespaces)) return NamespaceAsync(request, registries, cancellationToken);
        var isPod = request.Schema.Type == ResourceTypes.Pods;
        if (isPod ? request.Subresource is not ("" or "ephemeralcontainers") : request.Subresource.Length > 0 || !Workloads.Contains(request.Schema.Type))
            return ValueTask.FromResult<ApiError?>(null);
        var pending = registries.InformerAsync(ResourceTypes.Namespaces, cancellationToken);
        return pending.IsCompletedSuccessfully ? ValueTask.FromResult(Check(request, pending.Result, isPod)) : CheckLateAsync(request, pending, isPod);
    }

    private async ValueTask<ApiError?> CheckLateAsync(AdmissionRequest request, ValueTask<Informer> namespaces, bool isPod) =>
        Check(request, await namespaces.ConfigureAwait(false), isPod);

    private ApiError? Check(AdmissionRequest request, Informer namespaces, bool isPod)
    {
        // NamespaceLifecycle has made sure that the namespace is there.
        if (namespaces.Get(new ObjectKey("", request.Key.Namespace)) is not { } ns) return null;
        var policy = _labels.Of(ns);
        if (policy.IsPrivileged) return null;
        if (IsExempt(request, isPod)) return null;
        if (!isPod) return CheckTemplate(request, policy);
        if (JsonTree.Object(request.Object, "spec") is not { } spec || (request.Operation == AdmissionOperation.Update && IsInsignificant(request, spec))) return null;
        return CheckPod(request, policy, JsonTree.Object(request.Object, "metadata"), spec);
    }

    private bool IsExempt(AdmissionRequest request, bool isPod)
    {
        var dimension = settings.Namespaces.Contains(request.Key.Namespace) ? "namespace"
            : settings.Usernames.Contains(request.User.Name) ? "user"
            : JsonTree.AsString(JsonTree.At(isPod ? request.Object : TemplateOf(request), ["spec", "runtimeClassName"])) is { } name && settings.RuntimeClasses.Contains(name) ? "runtimeClass"
            : null;
        if (dimension is null) return false;
        request.Notes?.Audit("pod-security.kubernetes.io/exempt", dimension);
        return true;
    }

    private static JsonObject? TemplateOf(AdmissionRequest request)
    {
        var type = request.Schema.Type;
        return (type == ResourceTypes.PodTemplates ? JsonTree.At(request.Object, ["template"])
            : type == ResourceTypes.CronJobs ? JsonTree.At(request.Object, ["spec", "jobTemplate", "spec", "template"])
            : JsonTree.At(request.Object, ["spec", "template"])) as JsonObject;
    }

    private static ApiError? CheckPod(AdmissionRequest request, PodSecurityPolicy policy, JsonObject? metadata, JsonObject spec)
    {
        request.Notes?.Audit("pod-security.kubernetes.io/enforce-policy", policy.Enforce.ToString());
        var enforced = PodSecurityStandards.Evaluate(policy.Enforce, metadata, spec);
        Audit(request, policy, metadata, spec);
        if (enforced.Count > 0)
            return ApiError.Forbidden(ResourceTypes.Pods, request.Key.Name, $"violates PodSecurity \"{policy.Enforce}\": {PodSecurityStandards.Tell(enforced)}");
        Warn(request, policy, metadata, spec);
        return null;
    }

    /// <summary>The pods of a workload are refused one by one, later; who writes the workload is told now.</summary>
    private static ApiError? CheckTemplate(AdmissionRequest request, PodSecurityPolicy policy)
    {
        var template = TemplateOf(request);
        if (JsonTree.Object(template, "spec") is not { } spec) return null;
        var metadata = JsonTree.Object(template, "metadata");
        Audit(request, policy, metadata, spec);
        Warn(request, policy, metadata, spec);
        return null;
    }

    private static void Audit(AdmissionRequest request, PodSecurityPolicy policy, JsonObject? metadata, JsonObject spec)
    {
        if (request.Notes is not { } notes || policy.Audit.Level == PodSecurityLevel.Privileged) return;
        if (PodSecurityStandards.Evaluate(policy.Audit, metadata, spec) is { Count: > 0 } found)
            notes.Audit("pod-security.kubernetes.io/audit-violations", $"would violate PodSecurity \"{policy.Audit}\": {PodSecurityStandards.Tell(found)}");
    }

    private static void Warn(AdmissionRequest request, PodSecurityPolicy policy, JsonObject? metadata, JsonObject spec)
    {
        if (request.Notes is not { } notes || policy.Warn.Level == PodSecurityLevel.Privileged) return;
        if (PodSecurityStandards.Evaluate(policy.Warn, metadata, spec) is { Count: > 0 } found)
            notes.Warn($"would violate PodSecurity \"{policy.Warn}\": {PodSecurityStandards.Tell(found)}");
    }

    /// <summary>An update that touches nothing that the standards look at passes, so that pods of before can still be labelled.</summary>
    private static bool IsInsignificant(AdmissionRequest request, JsonObject spec)
    {
        var before = request.Stored!.ToTree();
        if (JsonTree.Object(before, "spec") is not { } old) return false;
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers", "ephemeralContainers"])
        {
            var (now, then) = (JsonTree.Array(spec, list), JsonTree.Array(old, list));
            if ((now?.Count ?? 0) != (then?.Count ?? 0)) return false;
            for (var i = 0; i < (now?.Count ?? 0); i++)
                foreach (var field in (ReadOnlySpan<string>)["securityContext", "ports"])
                    if (!JsonTree.DeepEquals((now![i] as JsonObject)?[field], (then![i] as JsonObject)?[field])) return false;
        }
        foreach (var field in (ReadOnlySpan<string>)["securityContext", "volumes", "hostNetwork", "hostPID", "hostIPC"])
            if (!JsonTree.DeepEquals(spec[field], old[field])) return false;
        return JsonTree.DeepEquals(AppArmor(request.Object!), AppArmor(before));

        static JsonObject AppArmor(JsonObject pod) => new((JsonTree.At(pod, ["metadata", "annotations"]) as JsonObject ?? [])
            .Where(static a => a.Key.StartsWith("container.apparmor.security.beta.kubernetes.io/", StringComparison.Ordinal))
            .Select(static a => KeyValuePair.Create(a.Key, a.Value?.DeepClone())));
    }

    private async ValueTask<ApiError?> NamespaceAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in JsonTree.At(request.Object, ["metadata", "labels"]) as JsonObject ?? []) labels[key] = JsonTree.AsString(value) ?? "";
        var (policy, faults) = PodSecurityPolicy.Read(labels, settings.Defaults);
        if (request.Operation == AdmissionOperation.Create)
            return faults.Count == 0 ? null : Invalid(request, faults);
        var (before, wrongBefore) = PodSecurityPolicy.Read(request.Stored!.Meta.Labels, settings.Defaults);
        if (faults.Count > 0 && wrongBefore.Count == 0) return Invalid(request, faults);
        if (settings.Namespaces.Contains(request.Key.Name)) return null;
        if (request.Notes is not { } notes || policy.Enforce == before.Enforce || policy.Enforce.Level == PodSecurityLevel.Privileged
            || (policy.Enforce.Minor == before.Enforce.Minor && policy.Enforce.Level < before.Enforce.Level))
            return null;
        var pods = (await registries.InformerAsync(ResourceTypes.Pods, cancellationToken).ConfigureAwait(false)).Objects.InNamespace(request.Key.Name);
        foreach (var warning in Existing(request.Key.Name, policy, pods)) notes.Warn(warning);
        return null;
    }

    /// <summary>What of the pods that are there would be refused now: one line per kind of violation.</summary>
    private static IEnumerable<string> Existing(string ns, PodSecurityPolicy policy, IEnumerable<StoredObject> pods)
    {
        var found = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var pod in pods.Take(ExistingPodsMax))
        {
            var tree = pod.ToTree();
            if (JsonTree.Object(tree, "spec") is not { } spec) continue;
            var violations = PodSecurityStandards.Evaluate(policy.Enforce, JsonTree.Object(tree, "metadata"), spec);
            if (violations.Count == 0) continue;
            var reasons = string.Join(", ", violations.Select(static v => v.Reason));
            if (!found.TryGetValue(reasons, out var names)) found[reasons] = names = [];
            names.Add(pod.Key.Name);
        }
        if (found.Count == 0) yield break;
        yield return $"existing pods in namespace {GoQuote.Quote(ns)} violate the new PodSecurity enforce level \"{policy.Enforce}\"";
        foreach (var (reasons, names) in found.OrderBy(static f => f.Value[0], StringComparer.Ordinal))
        {
            var others = names.Count - 1;
            var text = others == 0 ? names[0] : string.Create(CultureInfo.InvariantCulture, $"{names[0]} (and {others} other {(others == 1 ? "pod" : "pods")})");
            yield return $"{text}: {reasons}";
        }
    }

    private static ApiError Invalid(AdmissionRequest request, IReadOnlyList<(string Label, string Value, string Fault)> faults) =>
        ApiError.Invalid("", "Namespace", request.Key.Name,
            [.. faults.Select(static f => new ErrorCause("FieldValueInvalid", $"metadata.labels[{f.Label}]", $"Invalid value: {GoQuote.Quote(f.Value)}: {f.Fault}"))]);

    /// <summary>The policies of namespaces, read once per version.</summary>
    private sealed class NamespaceLabels(PodSecurityPolicy defaults)
    {
        private readonly System.Runtime.CompilerServices.ConditionalWeakTable<StoredObject, PodSecurityPolicy> _read = [];

        public PodSecurityPolicy Of(StoredObject ns) => _read.GetValue(ns, n => PodSecurityPolicy.Read(n.Meta.Labels, defaults).Policy);
    }
}
