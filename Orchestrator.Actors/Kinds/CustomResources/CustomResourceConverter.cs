using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Shows stored objects in the version of a request. Those that are in it already stay as they are.</summary>
    public async ValueTask<(IReadOnlyList<StoredObject> Objects, ApiError? Error)> ShowAsync(
        ResourceSchema schema, IReadOnlyList<StoredObject> objects, CancellationToken cancellationToken)
    {
        if (schema.Conversion is null || objects.Count == 0) return (objects, null);
        var trees = objects.Select(static o => o.ToTree()).ToArray();
        if (trees.All(t => VersionOf(t) == schema.ApiVersion)) return (objects, null);
        var (converted, error) = await ConvertAsync(schema, trees, cancellationToken).ConfigureAwait(false);
        if (error is not null) return ([], error);
        return ([.. converted.Select((tree, i) => new StoredObject(objects[i].Key, objects[i].Revision, UncommittedJson.From(tree).WithRevision(objects[i].Revision)))], null);
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
        var reply = await caller.PostAsync(address, Encoding.UTF8.GetBytes(JsonTree.ToText(review)), Timeout, cancellationToken).ConfigureAwait(false);
        var (objects, fault) = Read(reply, uid, pending.Length);
        if (fault is not null) return ([], Failed(from, fault));
        var converted = trees.ToArray();
        for (var i = 0; i < pending.Length; i++)
        {
            var original = trees[pending[i]];
            if (Check(original, objects[i], to) is { } wrong)
                return ([], Unfit($"conversion webhook for {from} returned invalid converted object at index {i}: {wrong}"));
            KeepMetadata(original, objects[i]);
            converted[pending[i]] = objects[i];
        }
        return (converted, null);
    }

    private static string VersionOf(JsonObject tree) => JsonTree.String(tree, "apiVersion") ?? "";

    private static ApiError Failed(string from, string why) => Unfit($"conversion webhook for {from} failed: {why}");

    private static ApiError Unfit(string message) => new(500, "InternalError", message);

    private static (ImmutableArray<JsonObject> Objects, string? Fault) Read(WebhookReply reply, string uid, int count)
    {
        if (reply.Failure is not null) return ([], reply.Failure);
        if (reply.Status is < 200 or > 299) return ([], $"the server responded with the status code {reply.Status} but did not return more information");
        JsonObject? response;
        try
        {
            response = (JsonNode.Parse(reply.Body.Span) as JsonObject)?["response"] as JsonObject;
        }
        catch (JsonException e)
        {
            return ([], $"could not decode the answer: {e.Message}");
        }
        if (response is null) return ([], "no response provided");
        var answered = JsonTree.String(response, "uid") ?? "";
        if (answered != uid) return ([], $"expected response.uid={GoQuote.Quote(uid)}, got {GoQuote.Quote(answered)}");
        if (JsonTree.AsString(JsonTree.At(response, ["result", "status"])) != "Success")
            return ([], JsonTree.AsString(JsonTree.At(response, ["result", "message"])) is { Length: > 0 } message ? message : "unknown error");
        var objects = (response["convertedObjects"] as JsonArray ?? []).OfType<JsonObject>().Select(static o => o.DeepClone().AsObject()).ToImmutableArray();
        return objects.Length == count ? (objects, null) : ([], $"returned {objects.Length} objects, expected {count}");
    }

    private static string? Check(JsonObject original, JsonObject converted, ResourceSchema to)
    {
        if (VersionOf(converted) != to.ApiVersion) return $"invalid groupVersion (expected {to.ApiVersion}, received {VersionOf(converted)})";
        if (JsonTree.String(converted, "kind") != to.Kind) return $"invalid kind (expected {to.Kind}, received {JsonTree.String(converted, "kind")})";
        if (converted["metadata"] is not JsonObject metadata) return "invalid metadata of type <nil> in converted object";
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid"])
        {
            var before = JsonTree.String(original["metadata"] as JsonObject, name) ?? "";
            var after = JsonTree.String(metadata, name) ?? "";
            if (before != after) return $"metadata.{name} was changed from {GoQuote.Quote(before)} to {GoQuote.Quote(after)}";
        }
        return null;
    }

    /// <summary>Of metadata a webhook may change labels and annotations, and nothing else.</summary>
    private static void KeepMetadata(JsonObject original, JsonObject converted)
    {
        var kept = original["metadata"]?.DeepClone() as JsonObject ?? [];
        var given = (JsonObject)converted["metadata"]!;
        foreach (var name in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (given[name] is { } value) kept[name] = value.DeepClone();
            else kept.Remove(name);
        }
        converted["metadata"] = kept;
    }
}
