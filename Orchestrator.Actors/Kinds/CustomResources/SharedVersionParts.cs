using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>Which parts all versions of a definition have alike; of a definition of one version that is all of them.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apis/apiextensions/v1/conversion.go: these parts move from the versions to the definition.</remarks>
internal readonly record struct SharedVersionParts(bool Schema, bool Subresources, bool Columns, bool Selectable)
{
    public static SharedVersionParts Of(JsonObject[] versions) => new(
        AreAlike(versions, "schema"), AreAlike(versions, "subresources"), AreAlike(versions, "additionalPrinterColumns"), AreAlike(versions, "selectableFields"));

    // Nothing and an empty list are the same.
    private static bool AreAlike(JsonObject[] versions, string part)
    {
        var first = versions.Length == 0 ? null : Given(versions[0][part]);
        return versions.All(v => JsonTree.DeepEquals(Given(v[part]), first));
    }

    private static JsonNode? Given(JsonNode? value) => value is JsonArray { Count: 0 } ? null : value;
}
