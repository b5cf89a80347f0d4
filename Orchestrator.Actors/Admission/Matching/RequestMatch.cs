using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Matching;

/// <summary>Which requests a webhook or a policy is about. Immutable; made once per version of its object.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/policy/matching and plugin/webhook/predicates.</remarks>
public sealed class RequestMatch
{
    private readonly ImmutableArray<RequestRule> _rules;
    private readonly ImmutableArray<RequestRule> _excluded;
    private readonly LabelSelector _namespaces;
    private readonly LabelSelector _objects;
    private readonly bool _exact;
    private readonly bool _all;

    private RequestMatch(ImmutableArray<RequestRule> rules, ImmutableArray<RequestRule> excluded, JsonObject? source, bool all)
    {
        (_rules, _excluded, _all) = (rules, excluded, all);
        _namespaces = source?["namespaceSelector"] is { } namespaces ? LabelSelectorJson.Read(namespaces) : LabelSelector.Everything;
        _objects = source?["objectSelector"] is { } objects ? LabelSelectorJson.Read(objects) : LabelSelector.Everything;
        _exact = JsonTree.String(source, "matchPolicy") == "Exact";
    }

    /// <summary>The labels of the namespace of the request are needed to decide.</summary>
    public bool NeedsNamespace => !_namespaces.IsEverything;

    /// <summary>Reads the <c>matchConstraints</c> or <c>matchResources</c> of a policy; without rules it means all resources.</summary>
    public static RequestMatch ReadPolicy(JsonObject? source)
    {
        var rules = RequestRule.ReadAll(source?["resourceRules"]);
        return new RequestMatch(rules, RequestRule.ReadAll(source?["excludeResourceRules"]), source, all: rules.IsEmpty);
    }

    /// <summary>Reads a webhook; without rules it means none.</summary>
    public static RequestMatch ReadWebhook(JsonObject webhook) => new(RequestRule.ReadAll(webhook["rules"]), [], webhook, all: false);

    /// <summary>Finds the resource as which the request is meant: its own, or another version of it that the rules name.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="catalog">Knows the other versions.</param>
    /// <param name="ns">The namespace of the request; null when it has none, or none is needed.</param>
    /// <returns>Null when the request is not meant.</returns>
    public ResourceSchema? Match(AdmissionRequest request, SchemaCatalog catalog, StoredObject? ns)
    {
        if (Rule(_excluded, request, catalog) is not null) return null;
        var found = _all ? request.Schema : Rule(_rules, request, catalog);
        return found is not null && MatchesNamespace(request, ns) && MatchesObject(request) ? found : null;
    }

    /// <summary>Whether there may be requests of this kind that are meant: the rules alone, without names, selectors and what is excluded.</summary>
    public bool Concerns(WriteKind kind, SchemaCatalog catalog)
    {
        if (_all) return true;
        foreach (var schema in catalog.Resources)
        {
            if (schema.StoredAs != kind.Type || (_exact && schema.Type != kind.Type)) continue;
            foreach (var rule in _rules)
                if (rule.Concerns(kind.Operation, schema, kind.Subresource)) return true;
        }
        return false;
    }

    private ResourceSchema? Rule(ImmutableArray<RequestRule> rules, AdmissionRequest request, SchemaCatalog catalog)
    {
        foreach (var rule in rules)
            if (rule.Matches(request, request.Schema)) return request.Schema;
        if (_exact || rules.IsEmpty) return null;
        foreach (var other in catalog.Resources)
        {
            if (other.StoredAs != request.Schema.StoredAs || ReferenceEquals(other, request.Schema)) continue;
            foreach (var rule in rules)
                if (rule.Matches(request, other)) return other;
        }
        return null;
    }

    private bool MatchesNamespace(AdmissionRequest request, StoredObject? ns)
    {
        if (_namespaces.IsEverything) return true;
        // A namespace is selected by its own labels: those that it is to have, or those of the one that goes.
        if (request.Schema.Type == ResourceTypes.Namespaces)
            return _namespaces.Matches(request.Object is { } tree && request.Subresource.Length == 0 ? LabelsOf(tree) : request.Stored?.Meta.Labels ?? ns?.Meta.Labels ?? ImmutableDictionary<string, string>.Empty);
        if (!request.Schema.Namespaced || request.Key.Namespace.Length == 0) return true;
        return ns is not null && _namespaces.Matches(ns.Meta.Labels);
    }

    private bool MatchesObject(AdmissionRequest request)
    {
        if (_objects.IsEverything) return true;
        return (request.Object is { } tree && _objects.Matches(LabelsOf(tree))) || (request.Stored is { } stored && _objects.Matches(stored.Meta.Labels));
    }

    private static Dictionary<string, string> LabelsOf(JsonObject tree)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in JsonTree.At(tree, ["metadata", "labels"]) as JsonObject ?? [])
            if (JsonTree.AsString(value) is { } text) labels[name] = text;
        return labels;
    }
}
