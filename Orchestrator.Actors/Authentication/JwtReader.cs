using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Actors.Admission.Policies;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Authentication;

/// <summary>Reads one entry of <c>jwt</c> and tells what is wrong with it.</summary>
internal sealed class JwtReader(FaultList faults)
{
    private const string Both = "claim and expression can't both be set";

    private const string VerifiedNeeded =
        "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression " +
        "when claims.email is used in claimMappings.username.expression";

    private bool _usesVerified;

    public JwtAuthenticator Read(JsonObject entry, FieldPath path, ImmutableArray<string> disallowedIssuers)
    {
        var issuer = JsonTree.Object(entry, "issuer");
        var (url, discovery, authority) = (JsonTree.String(issuer, "url") ?? "", JsonTree.String(issuer, "discoveryURL") ?? "", JsonTree.String(issuer, "certificateAuthority") ?? "");
        var here = path.Child("issuer");
        CheckUrl(url, here.Child("url"), disallowedIssuers);
        CheckDiscovery(url, discovery, here.Child("discoveryURL"));
        var audiences = ReadAudiences(issuer, here);
        CheckAuthority(authority, here.Child("certificateAuthority"));
        var (required, rules) = ReadClaimRules(entry, path.Child("claimValidationRules"));

        var mappings = JsonTree.Object(entry, "claimMappings");
        var mapped = path.Child("claimMappings");
        var username = ReadMapping(mappings, "username", mapped, required: true);
        var groups = ReadMapping(mappings, "groups", mapped, required: false);
        var uid = ReadUid(mappings, mapped);
        var extra = ReadExtra(mappings, mapped.Child("extra"));
        var usesAddress = username.Expression is { Fault: null } name && ClaimExpression.Selects(name.Source, "email");
        _usesVerified |= username.Expression is { Fault: null } text && ClaimExpression.Selects(text.Source, "email_verified");
        if (usesAddress && !_usesVerified) faults.Invalid(mapped.Child("username").Child("expression"), username.Expression!.Source, VerifiedNeeded);
        return new JwtAuthenticator
        {
            Issuer = url,
            DiscoveryUrl = discovery,
            CertificateAuthority = authority,
            Audiences = audiences,
            RequiredClaims = required,
            ClaimRules = rules,
            Username = username,
            Groups = groups,
            Uid = uid,
            Extra = extra,
            UserRules = ReadUserRules(entry, path.Child("userValidationRules")),
        };
    }

    private void CheckUrl(string url, FieldPath path, ImmutableArray<string> disallowed)
    {
        if (url.Length == 0)
        {
            faults.Required(path);
            return;
        }
        if (disallowed.Contains(url)) faults.Invalid(path, url, $"URL must not overlap with disallowed issuers: [{string.Join(' ', disallowed.Order(StringComparer.Ordinal))}]");
        if (!Uri.TryCreate(url, UriKind.RelativeOrAbsolute, out var parsed))
        {
            faults.Invalid(path, url, $"parse {GoQuote.Quote(url)}: invalid URL");
            return;
        }
        if (!parsed.IsAbsoluteUri || parsed.Scheme != Uri.UriSchemeHttps) faults.Invalid(path, url, "URL scheme must be https");
        if (!parsed.IsAbsoluteUri) return;
        if (parsed.UserInfo.Length > 0) faults.Invalid(path, url, "URL must not contain a username or password");
        if (parsed.Query.Length > 1) faults.Invalid(path, url, "URL must not contain a query");
        if (parsed.Fragment.Length > 1) faults.Invalid(path, url, "URL must not contain a fragment");
    }

    private void CheckDiscovery(string issuer, string url, FieldPath path)
    {
        if (url.Length == 0) return;
        if (issuer.Length > 0 && issuer.TrimEnd('/') == url.TrimEnd('/')) faults.Invalid(path, url, "discoveryURL must be different from URL");
        CheckUrl(url, path, []);
    }

    private ImmutableArray<string> ReadAudiences(JsonObject? issuer, FieldPath path)
    {
        var audiences = JsonTree.Array(issuer, "audiences") is { } list ? list.Select(static a => JsonTree.AsString(a) ?? "").ToImmutableArray() : [];
        var here = path.Child("audiences");
        if (audiences.IsEmpty)
        {
            faults.Required(here, $"at least one {here} is required");
            return audiences;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < audiences.Length; i++)
        {
            if (audiences[i].Length == 0) faults.Required(here.Index(i));
            if (!seen.Add(audiences[i])) faults.Duplicate(here.Index(i), audiences[i]);
        }
        var policy = JsonTree.String(issuer, "audienceMatchPolicy") ?? "";
        if (policy == "MatchAny") return audiences;
        if (audiences.Length > 1) faults.Invalid(path.Child("audienceMatchPolicy"), policy, "audienceMatchPolicy must be MatchAny for multiple audiences");
        else if (policy.Length > 0) faults.Invalid(path.Child("audienceMatchPolicy"), policy, "audienceMatchPolicy must be empty or MatchAny for single audience");
        return audiences;
    }

    private void CheckAuthority(string pem, FieldPath path)
    {
        if (pem.Length == 0) return;
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPem(pem);
            if (found.Count == 0) faults.Invalid(path, "<omitted>", "data does not contain any valid RSA or ECDSA certificates");
        }
        catch (CryptographicException e)
        {
            faults.Invalid(path, "<omitted>", e.Message);
        }
    }

    private (ImmutableArray<(string, string)> Required, ImmutableArray<TokenRule> Rules) ReadClaimRules(JsonObject entry, FieldPath path)
    {
        var required = ImmutableArray.CreateBuilder<(string, string)>();
        var rules = ImmutableArray.CreateBuilder<TokenRule>();
        var claims = new HashSet<string>(StringComparer.Ordinal);
        var expressions = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, rule) in entry.Entries("claimValidationRules"))
        {
            var here = path.Index(index);
            var (claim, expression) = (JsonTree.String(rule, "claim") ?? "", JsonTree.String(rule, "expression") ?? "");
            var (value, message) = (JsonTree.String(rule, "requiredValue") ?? "", JsonTree.String(rule, "message") ?? "");
            if (claim.Length > 0 && expression.Length > 0) faults.Invalid(here, claim, Both);
            else if (claim.Length > 0)
            {
                if (message.Length > 0) faults.Invalid(here.Child("message"), message, "may not be specified when claim is set");
                if (!claims.Add(claim)) faults.Duplicate(here.Child("claim"), claim);
                required.Add((claim, value));
            }
            else if (expression.Length > 0)
            {
                if (value.Length > 0) faults.Invalid(here.Child("requiredValue"), value, "may not be specified when expression is set");
                if (!expressions.Add(expression)) faults.Duplicate(here.Child("expression"), expression);
                else rules.Add(new TokenRule(Compile(expression, ClaimExpression.Claims, here.Child("expression"), CelTypeKind.Bool), message));
            }
            else faults.Required(here, "claim or expression is required");
        }
        _usesVerified |= rules.Any(static r => r.Expression.Fault is null && ClaimExpression.Selects(r.Expression.Source, "email_verified"));
        return (required.ToImmutable(), rules.ToImmutable());
    }

    private ClaimMapping ReadMapping(JsonObject? mappings, string name, FieldPath path, bool required)
    {
        var mapping = JsonTree.Object(mappings, name);
        var here = path.Child(name);
        var (claim, expression, prefix) = (JsonTree.String(mapping, "claim") ?? "", JsonTree.String(mapping, "expression") ?? "", JsonTree.String(mapping, "prefix"));
        if (claim.Length > 0 && expression.Length > 0) faults.Invalid(here, "", Both);
        else if (expression.Length > 0)
        {
            if (prefix is not null) faults.Invalid(here.Child("prefix"), prefix, "may not be specified when expression is set");
            return new ClaimMapping("", "", Compile(expression, ClaimExpression.Claims, here.Child("expression")));
        }
        else if (claim.Length > 0 && prefix is null)
            faults.Required(here.Child("prefix"), "prefix is required when claim is set. It can be set to an empty string to disable prefixing");
        else if (claim.Length == 0 && required) faults.Required(here, "claim or expression is required");
        return new ClaimMapping(claim, prefix ?? "", null);
    }

    private ClaimMapping ReadUid(JsonObject? mappings, FieldPath path)
    {
        var mapping = JsonTree.Object(mappings, "uid");
        var (claim, expression) = (JsonTree.String(mapping, "claim") ?? "", JsonTree.String(mapping, "expression") ?? "");
        if (claim.Length > 0 && expression.Length > 0) faults.Invalid(path.Child("uid"), "", Both);
        return claim.Length > 0 || expression.Length == 0
            ? new ClaimMapping(claim, "", null)
            : new ClaimMapping("", "", Compile(expression, ClaimExpression.Claims, path.Child("uid").Child("expression")));
    }

    private ImmutableArray<(string, PolicyExpression)> ReadExtra(JsonObject? mappings, FieldPath path)
    {
        var extra = ImmutableArray.CreateBuilder<(string, PolicyExpression)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, mapping) in mappings.Entries("extra"))
        {
            var here = path.Index(index);
            var (key, expression) = (JsonTree.String(mapping, "key") ?? "", JsonTree.String(mapping, "valueExpression") ?? "");
            CheckKey(key, here.Child("key"));
            if (!seen.Add(key)) faults.Duplicate(here.Child("key"), key);
            else if (expression.Length == 0) faults.Required(here.Child("valueExpression"));
            else extra.Add((key, Compile(expression, ClaimExpression.Claims, here.Child("valueExpression"))));
        }
        _usesVerified |= extra.Any(static e => e.Item2.Fault is null && ClaimExpression.Selects(e.Item2.Source, "email_verified"));
        return extra.ToImmutable();
    }

    // Keys belong to whoever makes use of them, so they begin with a domain.
    private void CheckKey(string key, FieldPath path)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var domain = slash > 0 ? key[..slash] : "";
        if (key.Length == 0) faults.Required(path);
        else if (slash <= 0 || slash == key.Length - 1) faults.Invalid(path, key, "must be a domain-prefixed path (such as \"acme.io/foo\")");
        else
        {
            if (ObjectNames.Subdomain(domain) is { } fault) faults.Invalid(path, domain, fault);
            if (key[(slash + 1)..].AsSpan().ContainsAnyExcept(PathChars)) faults.Invalid(path, key[(slash + 1)..], $"Invalid path (regex used for validation is '{PathFormat}')");
        }
        if (key.AsSpan().ContainsAnyInRange('A', 'Z')) faults.Invalid(path, key, "must be lowercase");
        if (domain is "kubernetes.io" or "k8s.io" || domain.EndsWith(".kubernetes.io", StringComparison.Ordinal) || domain.EndsWith(".k8s.io", StringComparison.Ordinal))
            faults.Invalid(path, key, "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use");
    }

    private const string PathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

    private static readonly System.Buffers.SearchValues<char> PathChars =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~%!$&'()*+,;=:");

    private ImmutableArray<TokenRule> ReadUserRules(JsonObject entry, FieldPath path)
    {
        var rules = ImmutableArray.CreateBuilder<TokenRule>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, rule) in entry.Entries("userValidationRules"))
        {
            var here = path.Index(index).Child("expression");
            var expression = JsonTree.String(rule, "expression") ?? "";
            if (expression.Length == 0) faults.Required(here);
            else if (!seen.Add(expression)) faults.Duplicate(here, expression);
            else rules.Add(new TokenRule(Compile(expression, ClaimExpression.User, here, CelTypeKind.Bool), JsonTree.String(rule, "message") ?? ""));
        }
        return rules.ToImmutable();
    }

    private PolicyExpression Compile(string source, CelEnvironment environment, FieldPath path, params ReadOnlySpan<CelTypeKind> types)
    {
        var compiled = PolicyExpression.Compile(source, environment, types);
        if (compiled.Fault is { } fault) faults.Invalid(path, source, fault);
        return compiled;
    }
}
