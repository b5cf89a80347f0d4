using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>Where a part of the user comes from: a claim as it is, with something before it, or an expression. Neither gives nothing.</summary>
/// <param name="Claim">Empty for none.</param>
/// <param name="Prefix">Goes with the claim.</param>
/// <param name="Expression">Of <c>claims</c>; null for none.</param>
public sealed record ClaimMapping(string Claim, string Prefix, PolicyExpression? Expression);

/// <summary>What must be true, and what is told when it is not.</summary>
public sealed record TokenRule(PolicyExpression Expression, string Message);

/// <summary>One issuer of JSON Web Tokens, and how users come from the claims of its tokens. Immutable; pure.</summary>
/// <remarks>Source: k8s.io/apiserver, plugin/pkg/authenticator/token/oidc.</remarks>
public sealed record JwtAuthenticator
{
    /// <summary>The claim <c>iss</c>, to the letter.</summary>
    public required string Issuer { get; init; }

    /// <summary>Where its configuration is; empty is the well-known place below the issuer.</summary>
    public string DiscoveryUrl { get; init; } = "";

    /// <summary>PEM of the authorities that vouch for it; empty are those of the system.</summary>
    public string CertificateAuthority { get; init; } = "";

    /// <summary>One of these is enough.</summary>
    public ImmutableArray<string> Audiences { get; init; } = [];

    /// <summary>Claims that must be there with these texts.</summary>
    public ImmutableArray<(string Claim, string Value)> RequiredClaims { get; init; } = [];

    public ImmutableArray<TokenRule> ClaimRules { get; init; } = [];
    public required ClaimMapping Username { get; init; }
    public required ClaimMapping Groups { get; init; }
    public required ClaimMapping Uid { get; init; }
    public ImmutableArray<(string Key, PolicyExpression Value)> Extra { get; init; } = [];

    /// <summary>About the user that came of the claims.</summary>
    public ImmutableArray<TokenRule> UserRules { get; init; } = [];

    /// <summary>Whose a token of these claims is; its signature, audience and time are somebody else's matter.</summary>
    public TokenResult UserOf(JsonObject claims)
    {
        var activation = new CelActivation(ClaimExpression.Claims).Set("claims", CelJson.Of(claims));
        if (NameOf(claims, activation, out var name) is { } unnamed) return TokenResult.Refused($"oidc: {unnamed}");
        if (GroupsOf(claims, activation, out var groups) is { } ungrouped) return TokenResult.Refused($"oidc: {ungrouped}");
        if (UidOf(claims, activation, out var uid) is { } unidentified) return TokenResult.Refused($"oidc: {unidentified}");
        var extra = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        foreach (var (key, expression) in Extra)
        {
            var (value, fault) = ClaimExpression.Evaluate(expression, activation);
            if (fault is not null) return TokenResult.Refused(fault);
            var (texts, unfit) = ClaimExpression.Texts(value!);
            if (unfit is not null) return TokenResult.Refused($"oidc: error evaluating extra claim expression: {expression.Source}: {unfit}");
            if (!texts.IsEmpty) extra = extra.SetItem(key, texts);
        }
        foreach (var (claim, wanted) in RequiredClaims)
        {
            if (!claims.ContainsKey(claim)) return TokenResult.Refused($"oidc: required claim {claim} not present in ID token");
            if (TextOf(claims, claim, out var given) is { } unreadable) return TokenResult.Refused($"oidc: parse claim {claim}: {unreadable}");
            if (given != wanted) return TokenResult.Refused($"oidc: required claim {claim} value does not match. Got = {given}, want = {wanted}");
        }
        if (Broken(ClaimRules, activation) is { } refused) return TokenResult.Refused($"oidc: error evaluating claim validation expression: {refused}");

        var user = new UserInfo(name, uid, groups) { Extra = extra };
        if (!UserRules.IsEmpty && Broken(UserRules, new CelActivation(ClaimExpression.User).Set("user", CelJson.Of(Describe(user)))) is { } unwanted)
            return TokenResult.Refused($"oidc: error evaluating user info validation rule: {unwanted}");
        // Rules see the user as the token makes it, and not what every user has.
        if (!groups.Contains(UserInfo.Authenticated)) user = user with { Groups = groups.Add(UserInfo.Authenticated) };
        return TokenResult.Of(JsonTree.String(claims, "jti") is { Length: > 0 } id ? user with { Extra = extra.SetItem(ServiceAccountClaims.CredentialId, [$"JTI={id}"]) } : user);
    }

    private string? NameOf(JsonObject claims, CelActivation activation, out string name)
    {
        name = "";
        if (Username.Expression is { } expression)
        {
            if (TextOf(expression, activation, "username", out name) is { } fault) return fault;
            return name.Length == 0 ? "error evaluating username claim expression: username claim expression must return a string that is not empty" : null;
        }
        if (TextOf(claims, Username.Claim, out name) is { } unreadable) return $"parse username claims {GoQuote.Quote(Username.Claim)}: {unreadable}";
        if (name.Length == 0) return $"parse username claims {GoQuote.Quote(Username.Claim)}: claim is empty";
        // An address that nobody has verified may be anyone's.
        if (Username.Claim == "email" && claims.TryGetPropertyValue("email_verified", out var verified) && JsonTree.AsBool(verified) != true)
            return verified is null || JsonTree.AsBool(verified) is not null ? "email not verified" : $"parse 'email_verified' claim: {Unfit(verified, "bool")}";
        name = Username.Prefix + name;
        return null;
    }

    private string? GroupsOf(JsonObject claims, CelActivation activation, out ImmutableArray<string> groups)
    {
        groups = [];
        if (Groups.Expression is { } expression)
        {
            var (value, fault) = ClaimExpression.Evaluate(expression, activation);
            if (fault is null) (groups, fault) = ClaimExpression.Texts(value!);
            return fault is null ? null : $"error evaluating group claim expression: {fault}";
        }
        if (Groups.Claim.Length == 0 || !claims.TryGetPropertyValue(Groups.Claim, out var claim) || claim is null) return null;
        // One group may be a text of its own.
        if (JsonTree.IsString(claim, out var one)) groups = [Groups.Prefix + one];
        else if (claim is JsonArray list && list.All(static g => g is null || JsonTree.IsString(g, out _))) groups = [.. list.Select(g => Groups.Prefix + JsonTree.AsString(g))];
        else return $"parse groups claim {GoQuote.Quote(Groups.Claim)}: {Unfit(claim, "string")}";
        return null;
    }

    private string? UidOf(JsonObject claims, CelActivation activation, out string uid)
    {
        uid = "";
        if (Uid.Claim.Length > 0) return TextOf(claims, Uid.Claim, out uid) is { } unreadable ? $"parse uid claim {GoQuote.Quote(Uid.Claim)}: {unreadable}" : null;
        return Uid.Expression is { } expression ? TextOf(expression, activation, "uid", out uid) : null;
    }

    private static string? TextOf(PolicyExpression expression, CelActivation activation, string what, out string text)
    {
        var (value, fault) = ClaimExpression.Evaluate(expression, activation);
        text = (value as CelString)?.Value ?? "";
        if (fault is null && value is not CelString) fault = $"{what} claim expression must return a string";
        return fault is null ? null : $"error evaluating {what} claim expression: {fault}";
    }

    private static string? TextOf(JsonObject claims, string claim, out string text)
    {
        text = "";
        if (!claims.TryGetPropertyValue(claim, out var value)) return "claim not present";
        if (value is null) return null;
        text = JsonTree.AsString(value) ?? "";
        return JsonTree.IsString(value, out _) ? null : Unfit(value, "string");
    }

    private static string Unfit(JsonNode value, string type) => $"json: cannot unmarshal {JsonTree.KindOf(value)} into Go value of type {type}";

    /// <summary>The first of the rules that does not hold; every one is evaluated before any is looked at.</summary>
    private static string? Broken(ImmutableArray<TokenRule> rules, CelActivation activation)
    {
        string? broken = null;
        foreach (var rule in rules)
        {
            var (value, fault) = ClaimExpression.Evaluate(rule.Expression, activation);
            if (fault is not null) return fault;
            if (value is not CelBool { Value: true }) broken ??= $"validation expression '{rule.Expression.Source}' failed: {rule.Message}";
        }
        return broken;
    }

    private static JsonObject Describe(UserInfo user)
    {
        var extra = new JsonObject();
        foreach (var (key, values) in user.Extra) extra[key] = List(values);
        return new JsonObject { ["username"] = user.Name, ["uid"] = user.Uid, ["groups"] = List(user.Groups), ["extra"] = extra };
    }

    private static JsonArray List(ImmutableArray<string> values) => new([.. values.Select(static v => (JsonNode?)v)]);
}
