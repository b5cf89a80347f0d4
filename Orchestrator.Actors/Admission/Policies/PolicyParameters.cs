using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Policies;

/// <summary>Finds the objects that a binding gives to its policy as parameters.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/policy/generic/policy_dispatcher.go.</remarks>
internal static class PolicyParameters
{
    /// <returns>The values of <c>params</c>, one for each evaluation (null for the one of a policy without); or what is wrong with the binding.</returns>
    public static async ValueTask<(ImmutableArray<CelValue?> Values, string? Fault)> FindAsync(
        Policy policy, PolicyBinding binding, AdmissionRequest request, SchemaCatalog catalog, IRegistries registries,
        CustomResourceConverter? converter, CancellationToken cancellationToken)
    {
        if (policy.ParamKind is not var (apiVersion, kind)) return ([null], null);
        if (binding.ParamRef is not { } reference) return ([CelNull.Instance], null);
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var schema = catalog.FindKind(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], kind);
        if (schema is null) return ([], $"paramKind kind `{apiVersion}, Kind={kind}` not known");

        var ns = "";
        if (schema.Namespaced)
        {
            ns = JsonTree.String(reference, "namespace") is { Length: > 0 } given ? given : request.Key.Namespace;
            if (ns.Length == 0) return ([], "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
        }
        else if (JsonTree.String(reference, "namespace") is { Length: > 0 }) return ([], "paramRef.namespace must not be provided for a cluster-scoped `paramKind`");

        // A parameter may have been made a moment ago through another process.
        var informer = await registries.ConsistentAsync(schema.StoredAs, cancellationToken).ConfigureAwait(false);
        var found = Select(reference, ns, schema, informer);
        if (found.Count == 0 && JsonTree.String(reference, "parameterNotFoundAction") != "Allow")
            return ([], "no params found for policy binding with `Deny` parameterNotFoundAction");
        if (schema.Conversion is null || converter is null) return ([.. found.Select(o => (CelValue?)Show(o, schema))], null);
        var (shown, error) = await converter.ShowAsync(schema, found, cancellationToken).ConfigureAwait(false);
        return error is null ? ([.. shown.Select(static o => (CelValue?)CelJson.Of(o.ToTree()))], null) : ([], error.Message);
    }

    private static List<StoredObject> Select(JsonObject reference, string ns, ResourceSchema schema, Informer informer)
    {
        if (JsonTree.String(reference, "name") is { Length: > 0 } name) return informer.Get(new ObjectKey(ns, name)) is { } one ? [one] : [];
        var selector = LabelSelectorJson.Read(reference["selector"]);
        return [.. (schema.Namespaced ? informer.Objects.InNamespace(ns) : informer.Objects.EnumerateFrom()).Where(o => selector.Matches(o.Meta.Labels))];
    }

    private static CelValue Show(StoredObject stored, ResourceSchema schema)
    {
        var tree = stored.ToTree();
        if (!ObjectConversion.IsStorage(schema)) ObjectConversion.FromStorage(schema, tree);
        return CelJson.Of(tree);
    }
}
