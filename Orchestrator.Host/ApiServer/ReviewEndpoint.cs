using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>Answers questions about users: who is behind a token, who am I, who may do what. By the code that decides about requests.</summary>
public sealed class ReviewEndpoint(ResourceStore store, IAuthorizer authorizer, Authenticator authenticator)
{
    public static bool Handles(ResourceSchema schema) =>
        schema.IsVirtual && schema.Group is "authentication.k8s.io" or "authorization.k8s.io";

    public async Task HandleAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format, UserInfo user)
    {
        var decoded = await BodyDecoder.DecodeAsync(context, store.Catalog, schema, FieldValidation.Warn).ConfigureAwait(false);
        if (decoded.Tree is not { } tree)
        {
            await StatusWriter.WriteAsync(context, decoded.Error!).ConfigureAwait(false);
            return;
        }
        var admission = new AdmissionRequest(AdmissionOperation.Create, schema, new ObjectKey(schema.Namespaced ? request.Namespace : "", ""), tree, null, "", DryRun: false)
        { User = user, Notes = context.Features.Get<AdmissionNotes>() };
        JsonObject? status = null;
        var error = await store.AdmitAsync(admission, context.RequestAborted).ConfigureAwait(false);
        if (error is null) (status, error) = await AnswerAsync(request, schema, tree, user, context.RequestAborted).ConfigureAwait(false);
        if (error is not null)
        {
            await StatusWriter.WriteAsync(context, error).ConfigureAwait(false);
            return;
        }
        tree["status"] = status;
        await Representations.WriteJsonAsync(context, format, schema.Root, schema.ApiVersion, schema.Kind,
            JsonTree.ToUtf8(tree), 201).ConfigureAwait(false);
    }

    private async ValueTask<(JsonObject? Status, ApiError? Error)> AnswerAsync(
        RequestInfo request, ResourceSchema schema, JsonObject tree, UserInfo user, CancellationToken cancellationToken)
    {
        var faults = new FaultList();
        var spec = JsonTree.Object(tree, "spec");
        JsonObject? status = null;
        switch (schema.Kind)
        {
            case "SelfSubjectReview": return (new JsonObject { ["userInfo"] = Describe(user) }, null);
            case "TokenReview": return await TokenAsync(spec, cancellationToken).ConfigureAwait(false);
            case "SelfSubjectRulesReview":
                if (JsonTree.String(spec, "namespace") is not { Length: > 0 } ns) return (null, ApiError.BadRequest("no namespace on request"));
                return (Rules(await authorizer.RulesAsync(user, ns, cancellationToken).ConfigureAwait(false)), null);
            case "SelfSubjectAccessReview":
                CheckAttributes(spec, faults);
                break;
            default:
                CheckAttributes(spec, faults);
                if (JsonTree.String(spec, "user") is not { Length: > 0 } && JsonTree.Array(spec, "groups") is not { Count: > 0 })
                    faults.Invalid(FieldPath.Of("spec").Child("user"), "", "at least one of user or group must be specified");
                if (schema.Kind == "LocalSubjectAccessReview") CheckLocal(request, spec, faults);
                user = Subject(spec);
                break;
        }
        if (faults.ToError(schema.Group, schema.Kind, "") is { } invalid) return (null, invalid);
        status = await DecideAsync(spec!, user, cancellationToken).ConfigureAwait(false);
        return (status, null);
    }

    private async ValueTask<JsonObject> DecideAsync(JsonObject spec, UserInfo user, CancellationToken cancellationToken)
    {
        var (request, ignored) = Attributes(spec, user);
        var decision = await authorizer.DecideAsync(request, cancellationToken).ConfigureAwait(false);
        var status = new JsonObject { ["allowed"] = decision.Allowed };
        if (decision.Verdict == AccessVerdict.Deny) status["denied"] = true;
        if (decision.Reason.Length > 0) status["reason"] = decision.Reason;
        var errors = string.Join("; ", ignored.Prepend(decision.EvaluationError).Where(static e => e.Length > 0));
        if (errors.Length > 0) status["evaluationError"] = errors;
        return status;
    }

    /// <returns>What is asked, and what of it could not be read.</returns>
    private static (AccessRequest Request, ImmutableArray<string> Ignored) Attributes(JsonObject spec, UserInfo user)
    {
        if (JsonTree.Object(spec, "resourceAttributes") is not { } resource)
        {
            var path = JsonTree.Object(spec, "nonResourceAttributes");
            return (new AccessRequest(user, JsonTree.String(path, "verb") ?? "") { Path = JsonTree.String(path, "path") ?? "" }, []);
        }
        var fields = ReviewSelector.Fields(JsonTree.Object(resource, "fieldSelector"));
        var labels = ReviewSelector.Labels(JsonTree.Object(resource, "labelSelector"));
        return (new AccessRequest(user, JsonTree.String(resource, "verb") ?? "")
        {
            IsResource = true,
            Group = JsonTree.String(resource, "group") ?? "",
            Version = JsonTree.String(resource, "version") is { Length: > 0 } version ? version : "*",
            Resource = JsonTree.String(resource, "resource") ?? "",
            Subresource = JsonTree.String(resource, "subresource") ?? "",
            Name = JsonTree.String(resource, "name") ?? "",
            Namespace = JsonTree.String(resource, "namespace") ?? "",
            FieldSelector = fields.Text,
            LabelSelector = labels.Text ?? "",
        }, [.. ReviewSelector.Remarks("fieldSelector", fields), .. ReviewSelector.Remarks("labelSelector", labels)]);
    }

    private static void CheckAttributes(JsonObject? spec, FaultList faults)
    {
        var resource = spec?["resourceAttributes"] is not null;
        var path = spec?["nonResourceAttributes"] is not null;
        if (resource && path)
            faults.Invalid(FieldPath.Of("spec").Child("nonResourceAttributes"), spec?["nonResourceAttributes"], "cannot be specified in combination with resourceAttributes");
        if (!resource && !path)
            faults.Invalid(FieldPath.Of("spec").Child("resourceAttributes"), spec?["resourceAttributes"], "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        ReviewSelector.Check(JsonTree.Object(spec, "resourceAttributes"), FieldPath.Of("spec").Child("resourceAttributes"), faults);
    }

    private static void CheckLocal(RequestInfo request, JsonObject? spec, FaultList faults)
    {
        if (spec?["nonResourceAttributes"] is not null)
            faults.Invalid(FieldPath.Of("spec").Child("nonResourceAttributes"), spec["nonResourceAttributes"], "disallowed on this kind of request");
        var given = JsonTree.String(JsonTree.Object(spec, "resourceAttributes"), "namespace") ?? "";
        if (given != request.Namespace)
            faults.Invalid(FieldPath.Of("spec").Child("resourceAttributes").Child("namespace"), given, $"must match metadata.namespace");
    }

    private static UserInfo Subject(JsonObject? spec)
    {
        var extra = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        foreach (var (key, values) in JsonTree.Object(spec, "extra") ?? []) extra = extra.SetItem(key.ToLowerInvariant(), Strings(values as JsonArray));
        return new UserInfo(JsonTree.String(spec, "user") ?? "", JsonTree.String(spec, "uid") ?? "", Strings(JsonTree.Array(spec, "groups"))) { Extra = extra };
    }

    private async ValueTask<(JsonObject? Status, ApiError? Error)> TokenAsync(JsonObject? spec, CancellationToken cancellationToken)
    {
        if (JsonTree.String(spec, "token") is not { Length: > 0 } token) return (null, ApiError.BadRequest("token is required for TokenReview in authentication"));
        var audiences = Strings(JsonTree.Array(spec, "audiences"));
        var found = await authenticator.AuthenticateTokenAsync(token, audiences, cancellationToken).ConfigureAwait(false);
        var status = new JsonObject();
        if (found.User is { } user)
        {
            status["authenticated"] = true;
            status["user"] = Describe(user);
            if (!found.Audiences.IsEmpty) status["audiences"] = List(found.Audiences);
        }
        else
        {
            status["user"] = new JsonObject();
            if (found.Error.Length > 0) status["error"] = found.Error;
        }
        return (status, null);
    }

    private static JsonObject Describe(UserInfo user)
    {
        var info = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0) info["uid"] = user.Uid;
        if (!user.Groups.IsEmpty) info["groups"] = List(user.Groups);
        if (!user.Extra.IsEmpty)
            info["extra"] = new JsonObject(user.Extra.OrderBy(static e => e.Key, StringComparer.Ordinal).Select(static e => KeyValuePair.Create(e.Key, (JsonNode?)List(e.Value))));
        return info;
    }

    private static JsonObject Rules(UserRules found)
    {
        var resources = new JsonArray();
        var paths = new JsonArray();
        foreach (var rule in found.Rules)
        {
            if (!rule.Resources.IsEmpty)
            {
                var entry = new JsonObject { ["verbs"] = List(rule.Verbs), ["apiGroups"] = List(rule.ApiGroups), ["resources"] = List(rule.Resources) };
                if (!rule.ResourceNames.IsEmpty) entry["resourceNames"] = List(rule.ResourceNames);
                resources.Add(entry);
            }
            if (!rule.NonResourceUrls.IsEmpty) paths.Add(new JsonObject { ["verbs"] = List(rule.Verbs), ["nonResourceURLs"] = List(rule.NonResourceUrls) });
        }
        var status = new JsonObject { ["resourceRules"] = resources, ["nonResourceRules"] = paths, ["incomplete"] = found.Incomplete };
        if (found.Error.Length > 0) status["evaluationError"] = found.Error;
        return status;
    }

    private static JsonArray List(ImmutableArray<string> values) => new([.. values.Select(static v => (JsonNode?)v)]);

    private static ImmutableArray<string> Strings(JsonArray? values) =>
        values is null ? [] : [.. values.Select(static v => JsonTree.AsString(v) ?? "")];
}
