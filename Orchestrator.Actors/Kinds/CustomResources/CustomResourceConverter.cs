using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>The webhook that converts the objects of a definition between its versions.</summary>
/// <param name="Client">How it is reached.</param>
/// <param name="ReviewVersion">The version of ConversionReview in which it is asked.</param>
public sealed record CustomConversion(WebhookClientConfig Client, string ReviewVersion)
{
    /// <returns>Null when the definition's versions differ in their names alone.</returns>
    public static CustomConversion? Read(JsonObject spec)
    {
        if (spec["conversion"] is not JsonObject conversion || JsonTree.String(conversion, "strategy") != "Webhook") return null;
        if (conversion["webhook"] is not JsonObject webhook || webhook["clientConfig"] is not JsonObject client) return null;
        using var document = JsonDocument.Parse(JsonTree.ToText(client));
        var version = (webhook["conversionReviewVersions"] as JsonArray ?? []).Select(JsonTree.AsString).FirstOrDefault(static v => v is "v1" or "v1beta1");
        return new CustomConversion(WebhookClientConfig.Read(document.RootElement.Clone()), version ?? "v1");
    }
}

/// <summary>Brings custom resources from one version to another by the webhooks of their definitions.</summary>
/// <remarks>Source: apiextensions-apiserver, pkg/apiserver/conversion/webhook_converter.go.</remarks>
public sealed class CustomResourceConverter(IWebhookCaller caller, IRegistries registries)
{
    /// <summary>Most objects that one call is worth (count).</summary>
    public const int BatchMax = 500;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Shows stored objects in the version of a request. What is stored so already stays as it is.</summary>
    public async ValueTask<(IReadOnlyList<StoredObject> Objects, ApiError? Error)> ShowAsync(
        ResourceSchema schema, IReadOnlyList<StoredObject> objects, CancellationToken cancellationToken)
    {
        if (!ObjectConversion.IsReadAnew(schema) || objects.Count == 0) return (objects, null);
        var shown = new StoredObject[objects.Count];
        List<int> others = [];
        List<JsonObject> trees = [];
        for (var i = 0; i < shown.Length; i++)
        {
            if (schema.Conversion is not null && objects[i].ToTree() is var tree && VersionOf(tree) != schema.ApiVersion)
            {
                ObjectConversion.Load(schema, tree);
                others.Add(i);
                trees.Add(tree);
            }
            else shown[i] = ObjectConversion.Show(schema, objects[i]);
        }
        var (converted, error) = await ConvertAsync(schema, trees, cancellationToken).ConfigureAwait(false);
        if (error is not null) return ([], error);
        for (var i = 0; i < others.Count; i++)
        {
            var o = objects[others[i]];
            shown[others[i]] = new StoredObject(o.Key, o.Revision, UncommittedJson.From(converted[i]).WithRevision(o.Revision));
        }
        return (shown, null);
    }

    /// <summary>The objects in the version of <paramref name="to"/>, in their order; or why they could not be converted.</summary>
    public async ValueTask<(IReadOnlyList<JsonObject> Trees, ApiError? Error)> ConvertAsync(
        ResourceSchema to, IReadOnlyList<JsonObject> trees, CancellationToken cancellationToken)
    {
        if (to.Conversion is not { } conversion) return (trees, null);
        var pending = Enumerable.Range(0, trees.Count).Where(i => VersionOf(trees[i]) != to.ApiVersion).ToArray();
        if (pending.Length == 0) return (trees, null);
        var from = $"{VersionOf(trees[pending[0]])}, Kind={to.Kind}";
        var (address, unresolved) = await conversion.Client.ResolveAsync(registries, "", cancellationToken).ConfigureAwait(false);
        if (address is null) return ([], Failed(from, unresolved!));

        var uid = Guid.NewGuid().ToString();
        var review = new JsonObject
        {
            ["kind"] = "ConversionReview",
            ["apiVersion"] = $"apiextensions.k8s.io/{conversion.ReviewVersion}",
            ["request"] = new JsonObject
            {
                ["uid"] = uid,
                ["desiredAPIVersion"] = to.ApiVersion,
                ["objects"] = new JsonArray([.. pending.Select(i => (JsonNode?)trees[i].DeepClone())]),
            },
        };
        var reply = await caller.PostAsync(address, JsonTree.ToUtf8(review), Timeout, cancellationToken).ConfigureAwait(false);
        var (objects, fault) = Read(reply, uid, conversion.ReviewVersion);
        if (fault is not null) return ([], Failed(from, fault));
        if (objects.Length != pending.Length) return ([], Unfit($"conversion webhook for {from} returned {objects.Length} objects, expected {pending.Length}"));
        var converted = trees.ToArray();
        for (var i = 0; i < pending.Length; i++)
        {
            var (tree, wrong) = Take(trees[pending[i]], objects[i], to, pending.Length == 1 ? null : i + 1);
            if (tree is null) return ([], Unfit($"conversion webhook for {from} returned {wrong}"));
            converted[pending[i]] = tree;
        }
        return (converted, null);
    }

    private static string VersionOf(JsonObject tree) => JsonTree.String(tree, "apiVersion") ?? "";

    private static ApiError Failed(string from, string why) => Unfit($"conversion webhook for {from} failed: {why}");

    // No reason: it is an error of the machinery that no status was made for.
    private static ApiError Unfit(string message) => new(500, "", message);

    private static (ImmutableArray<JsonNode?> Objects, string? Fault) Read(WebhookReply reply, string uid, string version)
    {
        if (reply.Failure is not null) return ([], reply.Failure);
        if (reply.Status is < 200 or > 299) return ([], WebhookReply.Explain(reply));
        if (ObjectJson.Parse(reply.Body.Span).Tree is not JsonObject review) return ([], "couldn't get version/kind; json parse error: the answer is no JSON object");
        var expected = $"apiextensions.k8s.io/{version}, Kind=ConversionReview";
        var got = $"{VersionOf(review)}, Kind={JsonTree.String(review, "kind")}";
        if (version == "v1" && got != expected) return ([], $"expected webhook response of {expected}, got {got}");
        if (review["response"] is not JsonObject response) return ([], "no response provided");
        var answered = JsonTree.String(response, "uid") ?? "";
        if (version == "v1" && answered != uid) return ([], $"expected response.uid={GoQuote.Quote(uid)}, got {GoQuote.Quote(answered)}");
        var status = JsonTree.AsString(JsonTree.At(response, ["result", "status"])) ?? "";
        if (status != "Success")
            return ([], JsonTree.AsString(JsonTree.At(response, ["result", "message"])) is { Length: > 0 } message ? message : $"response.result.status was '{status}', not 'Success'");
        return ([.. (response["convertedObjects"] as JsonArray ?? []).Select(static o => o?.DeepClone())], null);
    }

    /// <summary>A converted object as it may be used, or what is wrong with it.</summary>
    /// <param name="index">Where it stands among several, counted from one; null for the only one.</param>
    private static (JsonObject? Tree, string? Wrong) Take(JsonObject original, JsonNode? given, ResourceSchema to, int? index)
    {
        var which = index is null ? "invalid object at index 0" : $"invalid converted object at index {index}";
        if (given is not JsonObject converted) return (null, $"{which}: Object 'Kind' is missing in '{JsonTree.ToText(given)}'");
        if (VersionOf(converted) != to.ApiVersion) return (null, $"{which}: invalid groupVersion (expected {to.ApiVersion}, received {VersionOf(converted)})");
        if (JsonTree.String(converted, "kind") != to.Kind) return (null, $"{which}: invalid kind (expected {to.Kind}, received {JsonTree.String(converted, "kind")})");
        var metadata = converted["metadata"] as JsonObject;
        foreach (var (name, word) in (ReadOnlySpan<(string, string)>)[("name", "name"), ("namespace", "namespace"), ("uid", "UID")])
        {
            var before = JsonTree.String(original["metadata"] as JsonObject, name) ?? "";
            var after = JsonTree.String(metadata, name) ?? "";
            if (before != after) return (null, $"{(index is null ? "invalid object" : which)}: must have the same {word}: {before} != {after}");
        }
        if (KeepMetadata(original, converted) is { } unfit) return (null, $"invalid metadata{(index is null ? "" : $" in object at index {index}")}: {unfit}");
        new Pruner().PruneObject(converted, to.Root, null, typed: false);
        return (converted, null);
    }

    /// <summary>Of metadata a webhook may change labels and annotations, and nothing else.</summary>
    private static string? KeepMetadata(JsonObject original, JsonObject converted)
    {
        if (!converted.TryGetPropertyValue("metadata", out var found)) return "missing metadata in converted object";
        if (found is not JsonObject given) return $"invalid metadata of type {GoTypes.Of(found)} in converted object";
        var kept = original["metadata"]?.DeepClone() as JsonObject ?? [];
        foreach (var name in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (given[name] is not { } value)
            {
                kept.Remove(name);
                continue;
            }
            if (value is not JsonObject map) return $"invalid metadata.{name} of type {GoTypes.Of(value)} in converted object";
            foreach (var (key, text) in map)
                if (!JsonTree.IsString(text, out _)) return $"metadata.{name}[{key}] must be a string, but is {GoTypes.Of(text)} in converted object";
            if (!JsonTree.DeepEquals(kept[name], map) && Faults(name, map) is { } fault) return fault;
            kept[name] = map.DeepClone();
        }
        converted["metadata"] = kept;
        return null;
    }

    private static string? Faults(string name, JsonObject map)
    {
        var faults = new FaultList();
        if (name == "labels") MetadataValidation.ValidateLabels(map, FieldPath.Of("metadata").Child("labels"), faults);
        else MetadataValidation.ValidateAnnotations(map, FieldPath.Of("metadata").Child("annotation"), faults);
        var texts = faults.Causes.Select(static c => $"{c.Field}: {c.Message}").ToList();
        return texts.Count switch { 0 => null, 1 => texts[0], _ => $"[{string.Join(", ", texts)}]" };
    }
}
