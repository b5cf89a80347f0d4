using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Holds requests against the policies of the cluster where bindings apply them.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/policy/validating.</remarks>
/// <param name="catalog">The kinds as they are served now.</param>
/// <param name="authorizer">Answers the questions of expressions; null lets everyone do everything.</param>
/// <param name="webhooks">Reaches what converts custom resources; null where nothing does.</param>
public sealed class ValidatingAdmissionPolicy(Func<SchemaCatalog> catalog, IAuthorizer? authorizer, IWebhookCaller? webhooks = null) : IAdmissionPlugin, IWriteWatcher
{
    /// <summary>How long the value of an audit annotation may be (characters).</summary>
    private const int AnnotationMax = 10 * 1024;

    private volatile Bound _bound = new(ObjectIndex.Empty, ObjectIndex.Empty, []);

    public string Name => "ValidatingAdmissionPolicy";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (IsExempt(request.Schema)) return ValueTask.FromResult<ApiError?>(null);
        var pending = registries.InformerAsync(ResourceTypes.ValidatingAdmissionPolicies, cancellationToken);
        if (!pending.IsCompletedSuccessfully) return WaitAsync(pending, request, registries, cancellationToken);
        var policies = pending.Result.Objects;
        // Most clusters have no policy, and their requests should not pay for it.
        return policies.Count == 0 ? ValueTask.FromResult<ApiError?>(null) : RunAsync(policies, request, registries, cancellationToken);
    }

    public async ValueTask<bool> WatchesAsync(WriteKind kind, IRegistries registries, CancellationToken cancellationToken)
    {
        var policies = (await registries.InformerAsync(ResourceTypes.ValidatingAdmissionPolicies, cancellationToken).ConfigureAwait(false)).Objects;
        if (policies.Count == 0) return false;
        var bindings = await registries.InformerAsync(ResourceTypes.ValidatingAdmissionPolicyBindings, cancellationToken).ConfigureAwait(false);
        var bound = Bind(policies, bindings.Objects);
        return !bound.Policies.IsEmpty && bound.Watched.GetOrAdd(kind, static (k, c) => c.Policies.Any(p => p.Policy.Match.Concerns(k, c.Catalog)), (bound.Policies, Catalog: catalog()));
    }

    private async ValueTask<ApiError?> WaitAsync(ValueTask<Informer> pending, AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        await RunAsync((await pending.ConfigureAwait(false)).Objects, request, registries, cancellationToken).ConfigureAwait(false);

    // A policy that forbids its own repair could never be taken back, and one about reviews could keep everybody out.
    private static bool IsExempt(ResourceSchema schema) => schema.Group is "admissionregistration.k8s.io" || (schema.IsVirtual && schema.Group is "authentication.k8s.io" or "authorization.k8s.io");

    private async ValueTask<ApiError?> RunAsync(ObjectIndex policies, AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var bindings = await registries.InformerAsync(ResourceTypes.ValidatingAdmissionPolicyBindings, cancellationToken).ConfigureAwait(false);
        var bound = Bind(policies, bindings.Objects);
        if (bound.Policies.IsEmpty) return null;
        var ns = await NamespaceAsync(request, registries, cancellationToken).ConfigureAwait(false);
        var kinds = catalog();
        var converter = webhooks is null ? null : new CustomResourceConverter(webhooks, registries);
        Refusal? first = null;
        foreach (var (policy, own) in bound.Policies)
        {
            if (policy.Match.Match(request, kinds, ns) is not { } matched) continue;
            var (shown, unconverted) = await ShownObjects.OfAsync(request, matched, kinds, converter, cancellationToken).ConfigureAwait(false);
            if (shown is null)
            {
                if (policy.FailClosed) return unconverted;
                continue;
            }
            var variables = new AdmissionVariables(request, matched, shown, ns, authorizer);
            var annotations = new Dictionary<string, List<string>>(StringComparer.Ordinal);
            foreach (var binding in own)
            {
                if (binding.Match is { } limit && limit.Match(request, kinds, ns) is null) continue;
                var (parameters, fault) = await PolicyParameters.FindAsync(policy, binding, request, kinds, registries, converter, cancellationToken).ConfigureAwait(false);
                if (fault is not null)
                {
                    if (policy.FailClosed) first ??= new Refusal(policy, binding, $"failed to configure binding: {fault}", "");
                    continue;
                }
                foreach (var value in parameters)
                {
                    var outcome = await variables.SettleAsync(() => PolicyEvaluation.Evaluate(policy, variables, value)).ConfigureAwait(false);
                    first = Note(policy, binding, outcome, request, annotations, first);
                }
            }
            foreach (var (key, values) in annotations) request.Notes?.Audit($"{policy.Name}/{key}", string.Join(", ", values));
        }
        return first is null ? null : ToError(request, first);
    }

    private Bound Bind(ObjectIndex policies, ObjectIndex bindings)
    {
        var bound = _bound;
        if (ReferenceEquals(bound.PolicyObjects, policies) && ReferenceEquals(bound.BindingObjects, bindings)) return bound;
        var byPolicy = bindings.EnumerateFrom().Select(static b => b.View(PolicyBinding.Read)).ToLookup(static b => b.PolicyName, StringComparer.Ordinal);
        bound = new Bound(policies, bindings, [.. policies.EnumerateFrom()
            .Where(p => byPolicy.Contains(p.Key.Name)).Select(p => (p.View(Policy.Read), byPolicy[p.Key.Name].ToImmutableArray()))]);
        return _bound = bound;
    }

    private static async ValueTask<StoredObject?> NamespaceAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var name = request.Schema.Type == ResourceTypes.Namespaces ? request.Key.Name : request.Key.Namespace;
        if (name.Length == 0) return null;
        var key = new ObjectKey("", name);
        var informer = await registries.InformerAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false);
        return informer.Get(key) ?? (await registries.ConsistentAsync(ResourceTypes.Namespaces, cancellationToken).ConfigureAwait(false)).Get(key);
    }

    /// <summary>Does what the binding wants done about an outcome.</summary>
    /// <returns>The first refusal so far.</returns>
    private static Refusal? Note(
        Policy policy, PolicyBinding binding, PolicyOutcome outcome, AdmissionRequest request, Dictionary<string, List<string>> annotations, Refusal? first)
    {
        foreach (var violation in outcome.Violations)
        {
            foreach (var action in binding.Actions)
            {
                switch (action)
                {
                    case "Deny":
                        first ??= new Refusal(policy, binding, violation.Message, violation.Reason);
                        break;
                    case "Warn":
                        request.Notes?.Warn($"Validation failed for ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}': {violation.Message}");
                        break;
                    case "Audit":
                        request.Notes?.Audit("validation.policy.admission.k8s.io/validation_failure", Describe(policy, binding, violation));
                        break;
                }
            }
        }
        foreach (var (key, value) in outcome.Annotations)
        {
            if (!annotations.TryGetValue(key, out var values)) annotations[key] = values = [];
            var shown = value.Length > AnnotationMax ? value[..AnnotationMax] : value;
            if (!values.Contains(shown)) values.Add(shown);
        }
        foreach (var fault in outcome.AnnotationFaults) first ??= new Refusal(policy, binding, fault, "");
        return first;
    }

    private static string Describe(Policy policy, PolicyBinding binding, PolicyViolation violation) => JsonTree.ToText(new JsonArray(new JsonObject
    {
        ["message"] = violation.Message,
        ["policy"] = policy.Name,
        ["binding"] = binding.Name,
        ["expressionIndex"] = Math.Max(violation.Index, 0),
        ["validationActions"] = new JsonArray([.. binding.Actions.Select(static a => (JsonNode?)a)]),
    }));

    private static ApiError ToError(AdmissionRequest request, Refusal refusal)
    {
        var message = $"ValidatingAdmissionPolicy '{refusal.Policy.Name}' with binding '{refusal.Binding.Name}' denied request: {refusal.Message}";
        var (code, reason) = refusal.Reason switch
        {
            "Forbidden" => (403, "Forbidden"),
            "Unauthorized" => (401, "Unauthorized"),
            "RequestEntityTooLarge" => (413, "RequestEntityTooLarge"),
            _ => (422, "Invalid"),
        };
        return ApiError.Forbidden(request.Schema.Type, request.Key.Name, message) with { Code = code, Reason = reason, Causes = [new ErrorCause("", "", message)] };
    }

    private sealed record Refusal(Policy Policy, PolicyBinding Binding, string Message, string Reason);

    /// <summary>The policies that bindings apply, as of two versions.</summary>
    private sealed record Bound(ObjectIndex PolicyObjects, ObjectIndex BindingObjects, ImmutableArray<(Policy Policy, ImmutableArray<PolicyBinding> Bindings)> Policies)
    {
        /// <summary>The kinds of writes that have been asked about.</summary>
        public ConcurrentDictionary<WriteKind, bool> Watched { get; } = new();
    }
}
