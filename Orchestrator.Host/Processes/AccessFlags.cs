using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;

namespace Orchestrator.Host.Processes;

/// <summary>The flags about who is let in and who may do what, of <c>up</c> and <c>seed</c>; named as kube-apiserver names them.</summary>
internal sealed class AccessFlags
{
    private readonly Option<string[]> _modes = List("--authorization-mode", "What decides who may do what, in order: AlwaysAllow, AlwaysDeny, Webhook, RBAC, Node. Default: Node,RBAC.", "MODE[,MODE]");
    private readonly Option<bool> _anonymous = new("--anonymous-auth") { Description = "Let those in who show nothing, as system:anonymous.", HelpName = "true|false" };
    private readonly Option<string?> _tokens = Text("--token-auth-file", "Bearer tokens, a line each: token,user,uid,\"group1,group2\".", "FILE");
    private readonly Option<string?> _clientCa = Text("--client-ca-file", "The authorities whose client certificates are believed, beside the cluster's own.", "FILE");
    private readonly Option<string?> _issuer = Text("--service-account-issuer", $"In whose name tokens of service accounts are issued. Default: {TokenIssuance.DefaultIssuer}.", "URL");
    private readonly Option<string[]> _audiences = List("--api-audiences", "What the API server calls itself in tokens. Default: the issuer.", "NAME[,NAME]");
    private readonly Option<string?> _oidcIssuer = Text("--oidc-issuer-url", "The OpenID Connect provider whose ID tokens are believed (https).", "URL");
    private readonly Option<string?> _oidcClient = Text("--oidc-client-id", "For whom its tokens must be meant.", "ID");
    private readonly Option<string?> _oidcUser = Text("--oidc-username-claim", "The claim that is the user's name. Default: sub.", "CLAIM");
    private readonly Option<string?> _oidcUserPrefix = Text("--oidc-username-prefix", "Put before names; '-' for nothing. Default: ISSUER#, and nothing for the claim email.", "PREFIX");
    private readonly Option<string?> _oidcGroups = Text("--oidc-groups-claim", "The claim that is the user's groups.", "CLAIM");
    private readonly Option<string?> _oidcGroupsPrefix = Text("--oidc-groups-prefix", "Put before groups.", "PREFIX");
    private readonly Option<string[]> _oidcRequired = List("--oidc-required-claim", "Claims that its tokens must have; may be repeated.", "CLAIM=VALUE");
    private readonly Option<string[]> _oidcAlgorithms = List("--oidc-signing-algs", "The algorithms that its tokens may be signed with. Default: RS256.", "ALG[,ALG]");
    private readonly Option<string?> _oidcCa = Text("--oidc-ca-file", "The authorities that vouch for the provider. Default: those of the system.", "FILE");
    private readonly Option<string?> _tokenWebhook = Text("--authentication-token-webhook-config-file", "A kubeconfig of a service that is asked about tokens (TokenReview).", "FILE");
    private readonly Option<TimeSpan?> _tokenWebhookTtl = DurationOption.Of("--authentication-token-webhook-cache-ttl", "How long its answers are remembered.", "2m");
    private readonly Option<string?> _accessWebhook = Text("--authorization-webhook-config-file", "A kubeconfig of the service that decides in the mode Webhook (SubjectAccessReview).", "FILE");
    private readonly Option<string> _tokenWebhookVersion = Version("--authentication-token-webhook-version", "TokenReview");
    private readonly Option<string> _accessWebhookVersion = Version("--authorization-webhook-version", "SubjectAccessReview");
    private readonly Option<TimeSpan?> _authorizedTtl = DurationOption.Of("--authorization-webhook-cache-authorized-ttl", "How long its yes is remembered.", "5m");
    private readonly Option<TimeSpan?> _unauthorizedTtl = DurationOption.Of("--authorization-webhook-cache-unauthorized-ttl", "How long its no is remembered.", "30s");
    private readonly Option<string?> _proxyCa = Text("--requestheader-client-ca-file", "The authorities of front proxies, which name users in X-Remote-User, -Group and -Extra-*.", "FILE");
    private readonly Option<string[]> _proxyNames = List("--requestheader-allowed-names", "The common names that front proxies may have. Default: any.", "NAME[,NAME]");

    public AccessFlags()
    {
        _modes.Validators.Add(static r =>
        {
            var modes = Words(r.Tokens);
            foreach (var mode in modes)
                if (!AccessControl.Modes.Contains(mode)) r.AddError($"--authorization-mode takes {string.Join(", ", AccessControl.Modes)}, not \"{mode}\".");
            if (modes.Length != modes.Distinct(StringComparer.Ordinal).Count()) r.AddError("--authorization-mode names a mode twice.");
        });
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_modes, _anonymous, _tokens, _clientCa, _issuer, _audiences, _oidcIssuer, _oidcClient, _oidcUser, _oidcUserPrefix, _oidcGroups, _oidcGroupsPrefix,
            _oidcRequired, _oidcAlgorithms, _oidcCa, _tokenWebhook, _tokenWebhookVersion, _tokenWebhookTtl, _accessWebhook, _accessWebhookVersion, _authorizedTtl, _unauthorizedTtl, _proxyCa, _proxyNames])
            command.Add(option);
    }

    /// <exception cref="StartException">Flags do not go together.</exception>
    public AccessSettings Read(ParseResult result)
    {
        var defaults = new AccessSettings();
        var modes = result.GetValue(_modes) is { Length: > 0 } given ? [.. given] : defaults.Modes;
        if (modes.Contains("Webhook") != result.GetValue(_accessWebhook) is not null)
            throw new StartException("--authorization-mode Webhook and --authorization-webhook-config-file need each other.");
        return new AccessSettings
        {
            Modes = modes,
            Anonymous = result.GetValue(_anonymous),
            TokenAuthFile = result.GetValue(_tokens),
            ClientCaFile = result.GetValue(_clientCa),
            Issuer = result.GetValue(_issuer) ?? defaults.Issuer,
            ApiAudiences = [.. result.GetValue(_audiences) ?? []],
            Oidc = ReadOidc(result),
            TokenWebhookFile = result.GetValue(_tokenWebhook),
            TokenWebhookVersion = result.GetValue(_tokenWebhookVersion)!,
            AuthorizationWebhookVersion = result.GetValue(_accessWebhookVersion)!,
            TokenWebhookTtl = result.GetValue(_tokenWebhookTtl) ?? defaults.TokenWebhookTtl,
            AuthorizationWebhookFile = result.GetValue(_accessWebhook),
            AuthorizedTtl = result.GetValue(_authorizedTtl) ?? defaults.AuthorizedTtl,
            UnauthorizedTtl = result.GetValue(_unauthorizedTtl) ?? defaults.UnauthorizedTtl,
            FrontProxyCaFile = result.GetValue(_proxyCa),
            FrontProxyNames = [.. result.GetValue(_proxyNames) ?? []],
        };
    }

    private OidcSettings? ReadOidc(ParseResult result)
    {
        var (issuer, client) = (result.GetValue(_oidcIssuer), result.GetValue(_oidcClient));
        if (issuer is null && client is null) return null;
        if (issuer is null || client is null) throw new StartException("--oidc-issuer-url and --oidc-client-id need each other.");
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps)
            throw new StartException($"--oidc-issuer-url takes an https URL, not \"{issuer}\".");
        var required = ImmutableDictionary<string, string>.Empty;
        foreach (var pair in result.GetValue(_oidcRequired) ?? [])
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new StartException($"--oidc-required-claim takes CLAIM=VALUE, not \"{pair}\".");
            required = required.SetItem(pair[..equals], pair[(equals + 1)..]);
        }
        return new OidcSettings(url, client)
        {
            UsernameClaim = result.GetValue(_oidcUser) ?? "sub",
            UsernamePrefix = result.GetValue(_oidcUserPrefix),
            GroupsClaim = result.GetValue(_oidcGroups),
            GroupsPrefix = result.GetValue(_oidcGroupsPrefix) ?? "",
            RequiredClaims = required,
            Algorithms = result.GetValue(_oidcAlgorithms) is { Length: > 0 } algorithms ? [.. algorithms] : ["RS256"],
            CaFile = result.GetValue(_oidcCa),
        };
    }

    private static Option<string?> Text(string name, string description, string help) => new(name) { Description = description, HelpName = help };

    private static Option<string> Version(string name, string kind)
    {
        var option = new Option<string>(name) { Description = $"The version of {kind} in which it is asked. Default: v1beta1.", HelpName = "v1|v1beta1", DefaultValueFactory = static _ => "v1beta1" };
        return option.AcceptOnlyFromAmong("v1", "v1beta1");
    }

    private static Option<string[]> List(string name, string description, string help) => new(name)
    {
        Description = description,
        HelpName = help,
        CustomParser = static result => Words(result.Tokens),
    };

    private static string[] Words(IEnumerable<Token> tokens) =>
        [.. tokens.SelectMany(static t => t.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
