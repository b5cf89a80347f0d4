using Orchestrator.Actors.Admission.Matching;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Libraries;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Policies;

/// <summary>One request as expressions see it. Made per request and matched version; not for use by two threads at once.</summary>
/// <param name="request">What is asked.</param>
/// <param name="matched">The version of the resource that the rules named; objects are shown in it.</param>
/// <param name="shown">The states of the object in that version.</param>
/// <param name="ns">The namespace of the request; null for requests of the cluster.</param>
/// <param name="authorizer">Null lets everyone do everything.</param>
public sealed class AdmissionVariables(AdmissionRequest request, ResourceSchema matched, ShownObjects shown, StoredObject? ns, IAuthorizer? authorizer)
{
    private static readonly TypeSchema NamespaceSchema = SchemaCatalog.BuiltIn.Find(ResourceTypes.Namespaces)!.Root;

    private CelValue? _object, _old, _request, _namespace;
    private RequestAuthorizer? _authorizer;

    /// <summary>The variables for one environment.</summary>
    /// <param name="environment">Of <see cref="AdmissionEnvironment"/>.</param>
    /// <param name="parameters">The value of <c>params</c>; null where there is none.</param>
    public CelActivation Activate(CelEnvironment environment, CelValue? parameters = null)
    {
        var activation = new CelActivation(environment)
            .Set("object", _object ??= Show(shown.Object))
            .Set("oldObject", _old ??= Show(shown.Old))
            .Set("request", _request ??= CelJson.Of(Describe()))
            .Set("namespaceObject", _namespace ??= ns is null || request.Schema.Type == ResourceTypes.Namespaces ? CelNull.Instance : CelJson.Of(ns.ToTree(), NamespaceSchema));
        if (environment.SlotOf("params") >= 0) activation.Set("params", parameters ?? CelNull.Instance);
        if (environment.SlotOf("authorizer") < 0) return activation;
        _authorizer ??= new RequestAuthorizer(request.User, authorizer);
        return activation.Set("authorizer", CelAuthorizer.Of(_authorizer))
            .Set("authorizer.requestResource", CelAuthorizer.OfResource(_authorizer, new CelAuthorizationCheck(
                null, "", request.Schema.Group, request.Schema.Plural, request.Subresource, request.Key.Namespace, request.Key.Name, "")));
    }

    /// <summary>Evaluates, and again when an answer of the authorizer was not there at once, until nothing is missing.</summary>
    /// <param name="evaluate">A function of these variables that waits for nothing.</param>
    public async ValueTask<T> SettleAsync<T>(Func<T> evaluate)
    {
        while (true)
        {
            var result = evaluate();
            if (_authorizer is null || !await _authorizer.AskAsync().ConfigureAwait(false)) return result;
        }
    }

    private static CelValue Show(JsonObject? tree) => tree is null ? CelNull.Instance : CelJson.Of(tree);

    private JsonObject Describe()
    {
        var (group, version, kind) = request.ObjectKind;
        var asked = ShownObjects.IsOfOtherKind(request) ? (group, version, kind) : (matched.Group, matched.Version, matched.Kind);
        var described = new JsonObject
        {
            ["kind"] = KindOf(asked.Item1, asked.Item2, asked.Item3),
            ["resource"] = ResourceOf(matched),
            ["requestKind"] = KindOf(group, version, kind),
            ["requestResource"] = ResourceOf(request.Schema),
            ["name"] = request.Key.Name,
            ["namespace"] = request.Key.Namespace,
            ["operation"] = RequestRule.NameOf(request.Operation),
            ["userInfo"] = Describe(request.User),
            ["dryRun"] = request.DryRun,
            ["options"] = request.Options?.DeepClone(),
        };
        if (request.Subresource.Length == 0) return described;
        described["subResource"] = request.Subresource;
        described["requestSubResource"] = request.Subresource;
        return described;
    }

    private static JsonObject Describe(UserInfo user)
    {
        var extra = new JsonObject();
        foreach (var (key, values) in user.Extra) extra[key] = new JsonArray([.. values.Select(static v => (JsonNode?)v)]);
        var described = new JsonObject { ["username"] = user.Name, ["groups"] = new JsonArray([.. user.Groups.Select(static g => (JsonNode?)g)]) };
        if (user.Uid.Length > 0) described["uid"] = user.Uid;
        if (extra.Count > 0) described["extra"] = extra;
        return described;
    }

    private static JsonObject KindOf(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonObject ResourceOf(ResourceSchema schema) => new() { ["group"] = schema.Group, ["version"] = schema.Version, ["resource"] = schema.Plural };

    /// <summary>Puts the questions of expressions to the cluster's authorizer; asks each once per request.</summary>
    private sealed class RequestAuthorizer(UserInfo user, IAuthorizer? authorizer) : ICelAuthorizer
    {
        private static readonly CelAuthorizationDecision NotYet = new(false, "", "the authorizer has not answered");

        private readonly Dictionary<CelAuthorizationCheck, CelAuthorizationDecision> _known = [];
        private readonly Dictionary<CelAuthorizationCheck, ValueTask<AccessDecision>> _pending = [];

        public CelAuthorizationDecision Authorize(CelAuthorizationCheck check)
        {
            if (_known.TryGetValue(check, out var known)) return known;
            if (_pending.ContainsKey(check)) return NotYet;
            if (authorizer is null) return _known[check] = new CelAuthorizationDecision(true, "", null);
            var pending = authorizer.DecideAsync(AccessOf(check), CancellationToken.None);
            if (pending.IsCompletedSuccessfully) return _known[check] = Read(pending.Result);
            _pending[check] = pending;
            return NotYet;
        }

        /// <summary>Waits for what is still to be answered; false when nothing is.</summary>
        public async ValueTask<bool> AskAsync()
        {
            if (_pending.Count == 0) return false;
            foreach (var (check, pending) in _pending) _known[check] = Read(await pending.ConfigureAwait(false));
            _pending.Clear();
            return true;
        }

        private AccessRequest AccessOf(CelAuthorizationCheck check)
        {
            var who = user;
            if (check.ServiceAccount is var (ns, name))
                who = new UserInfo($"system:serviceaccount:{ns}:{name}", "", ["system:serviceaccounts", $"system:serviceaccounts:{ns}", UserInfo.Authenticated]);
            return check.Path.Length > 0
                ? new AccessRequest(who, check.Verb) { Path = check.Path }
                : AccessRequest.OfResource(who, check.Verb, check.Group, check.Resource, check.Namespace, check.Name, check.Subresource) with
                {
                    FieldSelector = check.FieldSelector.Length == 0 ? null : check.FieldSelector,
                };
        }

        private static CelAuthorizationDecision Read(AccessDecision decision) =>
            new(decision.Allowed, decision.Reason, decision.EvaluationError.Length == 0 ? null : decision.EvaluationError);
    }
}
