using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>Answers what callers ask about themselves: who they are and what they may do.</summary>
public static class ReviewEndpoint
{
    public static bool Handles(ResourceSchema schema) =>
        schema.IsVirtual && schema.Group is "authentication.k8s.io" or "authorization.k8s.io";

    public static async Task HandleAsync(HttpContext context, SchemaCatalog catalog, ResourceSchema schema, MediaFormat format, UserInfo user)
    {
        var decoded = await BodyDecoder.DecodeAsync(context, catalog, schema, FieldValidation.Warn).ConfigureAwait(false);
        if (decoded.Tree is not { } tree)
        {
            await StatusWriter.WriteAsync(context, decoded.Error!).ConfigureAwait(false);
            return;
        }
        var faults = new FaultList();
        tree["status"] = schema.Kind switch
        {
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = Describe(user) },
            "SelfSubjectRulesReview" => Rules(),
            _ => Access(tree, faults),
        };
        if (faults.ToError(schema.Group, schema.Kind, "") is { } invalid)
        {
            await StatusWriter.WriteAsync(context, invalid).ConfigureAwait(false);
            return;
        }
        await Representations.WriteJsonAsync(context, format, schema.Root, schema.ApiVersion, schema.Kind,
            Encoding.UTF8.GetBytes(JsonTree.ToText(tree)), 201).ConfigureAwait(false);
    }

    private static JsonObject Describe(UserInfo user)
    {
        var info = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0) info["uid"] = user.Uid;
        info["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode?)g)]);
        return info;
    }

    private static JsonObject Access(JsonObject tree, FaultList faults)
    {
        var spec = JsonTree.Object(tree, "spec");
        var resource = spec?["resourceAttributes"] is not null;
        var path = spec?["nonResourceAttributes"] is not null;
        if (resource == path)
            faults.Invalid(FieldPath.Of("spec").Child("resourceAttributes"), spec?["resourceAttributes"],
                "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        // Everyone who is known may do everything: the stage of authorization that this answers for is RequestPipeline.Authorize.
        return new JsonObject { ["allowed"] = true };
    }

    private static JsonObject Rules() => new()
    {
        ["resourceRules"] = new JsonArray(new JsonObject
        {
            ["verbs"] = new JsonArray("*"),
            ["apiGroups"] = new JsonArray("*"),
            ["resources"] = new JsonArray("*"),
        }),
        ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }),
        ["incomplete"] = false,
    };
}
