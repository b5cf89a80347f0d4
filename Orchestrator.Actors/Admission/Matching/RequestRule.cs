using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Matching;

/// <summary>Operations and resources, as rules of webhooks and policies name them; <c>*</c> stands for all.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/webhook/predicates/rules.</remarks>
public sealed record RequestRule(
    ImmutableArray<string> Operations, ImmutableArray<string> Groups, ImmutableArray<string> Versions, ImmutableArray<string> Resources, string Scope)
{
    /// <summary>Only objects with these names; empty for all.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    public static ImmutableArray<RequestRule> ReadAll(JsonNode? rules) =>
        rules is not JsonArray list ? [] : [.. list.OfType<JsonObject>().Select(static r => new RequestRule(
            Texts(r["operations"]), Texts(r["apiGroups"]), Texts(r["apiVersions"]), Texts(r["resources"]), JsonTree.String(r, "scope") ?? "*")
        { Names = Texts(r["resourceNames"]) })];

    /// <param name="request">What is asked.</param>
    /// <param name="schema">The resource to compare with: that of the request or an equivalent one.</param>
    public bool Matches(AdmissionRequest request, ResourceSchema schema) =>
        Concerns(request.Operation, schema, request.Subresource) && (Names.IsEmpty || Names.Contains(request.Key.Name));

    /// <summary>Whether there may be requests of this kind that it matches.</summary>
    public bool Concerns(AdmissionOperation operation, ResourceSchema schema, string subresource) =>
        Has(Operations, NameOf(operation)) && Has(Groups, schema.Group) && Has(Versions, schema.Version)
        && MatchesScope(schema) && MatchesResource(schema.Plural, subresource);

    /// <summary>The operation as requests to webhooks and expressions spell it.</summary>
    public static string NameOf(AdmissionOperation operation) => operation switch
    {
        AdmissionOperation.Create => "CREATE",
        AdmissionOperation.Update => "UPDATE",
        AdmissionOperation.Delete => "DELETE",
        _ => "CONNECT",
    };

    private bool MatchesScope(ResourceSchema schema) => Scope switch
    {
        "Namespaced" => schema.Namespaced,
        "Cluster" => !schema.Namespaced,
        _ => true,
    };

    private bool MatchesResource(string plural, string subresource)
    {
        foreach (var resource in Resources)
        {
            var slash = resource.IndexOf('/', StringComparison.Ordinal);
            var (name, sub) = slash < 0 ? (resource, "") : (resource[..slash], resource[(slash + 1)..]);
            if ((name == "*" || name == plural) && (sub == "*" || sub == subresource)) return true;
        }
        return false;
    }

    private static bool Has(ImmutableArray<string> allowed, string value) => allowed.Contains("*") || allowed.Contains(value);

    private static ImmutableArray<string> Texts(JsonNode? node) => node is JsonArray list ? [.. list.Select(JsonTree.AsString).OfType<string>()] : [];
}
