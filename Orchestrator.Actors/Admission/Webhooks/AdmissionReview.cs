using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>What a webhook answered, or why its answer is none.</summary>
/// <param name="Denial">The refusal, when it did not allow the request.</param>
/// <param name="Patch">What it wants changed; null for nothing.</param>
/// <param name="Fault">What is wrong with the answer.</param>
internal sealed record AdmissionAnswer(ApiError? Denial, JsonNode? Patch, string? Fault)
{
    public JsonArray? Warnings { get; init; }

    public JsonObject? AuditAnnotations { get; init; }
}

/// <summary>AdmissionReview of admission.k8s.io, the question and the answer. Pure.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/webhook/request/admissionreview.go.</remarks>
internal static class AdmissionReview
{
    private const string Group = "admission.k8s.io/";

    /// <param name="matched">The version of the resource as which the webhook is asked.</param>
    /// <param name="shown">The states in that version.</param>
    public static byte[] Ask(AdmissionRequest request, AdmissionWebhook webhook, ResourceSchema matched, ShownObjects shown)
    {
        var (group, version, kind) = request.ObjectKind;
        var own = request.Subresource.Length > 0;
        var body = new JsonObject
        {
            ["uid"] = request.Uid,
            ["kind"] = ShownObjects.IsOfOtherKind(request) ? Kind(group, version, kind) : Kind(matched.Group, matched.Version, matched.Kind),
            ["resource"] = Resource(matched),
            ["requestKind"] = Kind(group, version, kind),
            ["requestResource"] = Resource(request.Schema),
        };
        if (own) body["subResource"] = request.Subresource;
        if (own) body["requestSubResource"] = request.Subresource;
        if (request.Key.Name.Length > 0) body["name"] = request.Key.Name;
        if (request.Key.Namespace.Length > 0) body["namespace"] = request.Key.Namespace;
        body["operation"] = RequestRule.NameOf(request.Operation);
        body["userInfo"] = User(request);
        body["object"] = shown.Object?.DeepClone();
        body["oldObject"] = shown.Old?.DeepClone();
        body["dryRun"] = request.DryRun;
        body["options"] = Options(request);
        var review = new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = Group + webhook.ReviewVersion, ["request"] = body };
        return Encoding.UTF8.GetBytes(JsonTree.ToText(review));
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="mutating">Whether it may ask for changes.</param>
    public static AdmissionAnswer Read(ReadOnlySpan<byte> json, AdmissionRequest request, AdmissionWebhook webhook, bool mutating)
    {
        var parsed = ObjectJson.Parse(json);
        if (parsed.Tree is not JsonObject review) return Faulty(parsed.Fault ?? "the answer is no object");
        var expected = $"{Group}{webhook.ReviewVersion}, Kind=AdmissionReview";
        var got = $"{JsonTree.String(review, "apiVersion")}, Kind={JsonTree.String(review, "kind")}";
        if (got != expected) return Faulty($"expected webhook response of {expected}, got {got}");
        if (JsonTree.Object(review, "response") is not { } response) return Faulty("webhook response was absent");
        if (JsonTree.String(response, "uid") is var uid && uid != request.Uid && webhook.ReviewVersion == "v1")
            return Faulty($"expected response.uid={GoQuote.Quote(request.Uid)}, got {GoQuote.Quote(uid ?? "")}");

        var (warnings, audit) = (JsonTree.Array(response, "warnings"), JsonTree.Object(response, "auditAnnotations"));
        if (JsonTree.Bool(response, "allowed") != true)
            return new AdmissionAnswer(Denial(webhook.Name, JsonTree.Object(response, "status")), null, null) { Warnings = warnings, AuditAnnotations = audit };
        var (patch, fault) = mutating ? ReadPatch(response) : (null, null);
        return new AdmissionAnswer(null, patch, fault) { Warnings = warnings, AuditAnnotations = audit };
    }

    private static (JsonNode? Patch, string? Fault) ReadPatch(JsonObject response)
    {
        var (text, type) = (JsonTree.String(response, "patch"), JsonTree.String(response, "patchType"));
        if (string.IsNullOrEmpty(text)) return type is null ? (null, null) : (null, "webhook returned response.patchType but not response.patch");
        if (type is null) return (null, "webhook returned response.patch but not response.patchType");
        if (type != "JSONPatch") return (null, $"invalid response.patchType of {GoQuote.Quote(type)}");
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length)) return (null, "illegal base64 data in response.patch");
        var patch = ObjectJson.Parse(bytes.AsSpan(0, length));
        return patch.Fault is { } fault ? (null, fault) : (patch.Tree, null);
    }

    // Source: pkg/admission/plugin/webhook/errors/statuserror.go.
    private static ApiError Denial(string webhook, JsonObject? status)
    {
        var code = (int)(JsonTree.Int64(status, "code") ?? 0);
        var reason = JsonTree.String(status, "reason") ?? "";
        var by = $"admission webhook {GoQuote.Quote(webhook)} denied the request";
        var message = JsonTree.String(status, "message") is { Length: > 0 } said ? $"{by}: {said}" : reason.Length > 0 ? $"{by}: {reason}" : $"{by} without explanation";
        return new ApiError(code < 400 ? 400 : code, reason, message);
    }

    /// <summary>A patch comes as the creation or the update that it leads to, and a connection has its options for its object.</summary>
    private static JsonObject? Options(AdmissionRequest request)
    {
        if (request.Operation == AdmissionOperation.Connect) return null;
        var options = new JsonObject { ["kind"] = $"{request.Operation}Options", ["apiVersion"] = "meta.k8s.io/v1" };
        if (request.DryRun) options["dryRun"] = new JsonArray("All");
        foreach (var (name, value) in request.Options ?? []) options[name] = value?.DeepClone();
        return options;
    }

    private static JsonObject User(AdmissionRequest request)
    {
        var user = new JsonObject { ["username"] = request.User.Name, ["groups"] = new JsonArray([.. request.User.Groups.Select(static g => (JsonNode?)g)]) };
        if (request.User.Uid.Length > 0) user["uid"] = request.User.Uid;
        if (!request.User.Extra.IsEmpty)
        {
            var extra = new JsonObject();
            foreach (var (key, values) in request.User.Extra) extra[key] = new JsonArray([.. values.Select(static v => (JsonNode?)v)]);
            user["extra"] = extra;
        }
        return user;
    }

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonObject Resource(ResourceSchema schema) => new() { ["group"] = schema.Group, ["version"] = schema.Version, ["resource"] = schema.Plural };

    private static AdmissionAnswer Faulty(string fault) => new(null, null, fault);
}
