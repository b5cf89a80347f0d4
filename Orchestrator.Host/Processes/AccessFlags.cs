using System.CommandLine;
using System.CommandLine.Parsing;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Processes;

/// <summary>The flags about who is let in and who may do what, of <c>up</c> and <c>seed</c>; named as kube-apiserver names them.</summary>
internal sealed class AccessFlags
{
    private readonly Option<string[]> _modes = List("--authorization-mode", "What decides who may do what, in order: AlwaysAllow, AlwaysDeny, Webhook, RBAC, Node. Default: Node,RBAC.", "MODE[,MODE]");
    private readonly Option<string?> _authorizationFile = Text("--authorization-config", "An AuthorizationConfiguration, in place of the flags --authorization-*; read again when it changes.", "FILE");
    private readonly Option<string?> _authenticationFile = Text("--authentication-config", "An AuthenticationConfiguration, in place of the flags --oidc-*; read again when it changes.", "FILE");
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
                if (!AuthorizationConfiguration.Types.Contains(mode)) r.AddError($"--authorization-mode takes {string.Join(", ", AuthorizationConfiguration.Types)}, not \"{mode}\".");
            if (modes.Length != modes.Distinct(StringComparer.Ordinal).Count()) r.AddError("--authorization-mode names a mode twice.");
        });
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_modes, _authorizationFile, _anonymous, _authenticationFile, _tokens, _clientCa, _issuer, _audiences, _oidcIssuer, _oidcClient, _oidcUser, _oidcUserPrefix, _oidcGroups, _oidcGroupsPrefix,
            _oidcRequired, _oidcAlgorithms, _oidcCa, _tokenWebhook, _tokenWebhookVersion, _tokenWebhookTtl, _accessWebhook, _accessWebhookVersion, _authorizedTtl, _unauthorizedTtl, _proxyCa, _proxyNames])
            command.Add(option);
    }

    /// <exception cref="StartException">Flags do not go together.</exception>
    public AccessSettings Read(ParseResult result)
    {
        var defaults = new AccessSettings();
        var authentication = ReadAuthentication(result);
        return new AccessSettings
        {
            Authorization = ReadAuthorization(result),
            AuthorizationFile = result.GetValue(_authorizationFile),
            Authentication = authentication,
            Algorithms = result.GetValue(_oidcAlgorithms) is { Length: > 0 } algorithms ? [.. algorithms] : defaults.Algorithms,
            AuthenticationFile = result.GetValue(_authenticationFile),
            Anonymous = IsGiven(result, _anonymous) ? result.GetValue(_anonymous) : null,
            TokenAuthFile = result.GetValue(_tokens),
            ClientCaFile = result.GetValue(_clientCa),
            Issuer = result.GetValue(_issuer) ?? defaults.Issuer,
            ApiAudiences = [.. result.GetValue(_audiences) ?? []],
            TokenWebhookFile = result.GetValue(_tokenWebhook),
            TokenWebhookVersion = result.GetValue(_tokenWebhookVersion)!,
            TokenWebhookTtl = result.GetValue(_tokenWebhookTtl) ?? defaults.TokenWebhookTtl,
            FrontProxyCaFile = result.GetValue(_proxyCa),
            FrontProxyNames = [.. result.GetValue(_proxyNames) ?? []],
        };
    }

    /// <summary>The configuration that the flags stand for.</summary>
    private AuthorizationConfiguration ReadAuthorization(ParseResult result)
    {
        if (result.GetValue(_authorizationFile) is not null)
            return ((Option[])[_modes, _accessWebhook, _accessWebhookVersion, _authorizedTtl, _unauthorizedTtl]).Any(o => IsGiven(result, o))
                ? throw new StartException("--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined.")
                : AuthorizationConfiguration.Default;
        var modes = result.GetValue(_modes) is { Length: > 0 } given ? [.. given] : AuthorizationConfiguration.DefaultTypes;
        var file = result.GetValue(_accessWebhook);
        if (modes.Contains(AuthorizationConfiguration.WebhookType) != file is not null)
            throw new StartException("--authorization-mode Webhook and --authorization-webhook-config-file need each other.");
        var defaults = new AuthorizationWebhook();
        return AuthorizationConfiguration.Of(modes, new AuthorizationWebhook
        {
            KubeConfigFile = file,
            Version = result.GetValue(_accessWebhookVersion)!,
            AuthorizedTtl = result.GetValue(_authorizedTtl) ?? defaults.AuthorizedTtl,
            UnauthorizedTtl = result.GetValue(_unauthorizedTtl) ?? defaults.UnauthorizedTtl,
        });
    }

    /// <summary>The configuration that the flags stand for, as a file would say it.</summary>
    private JsonObject ReadAuthentication(ParseResult result)
    {
        Option[] flags = [_oidcIssuer, _oidcClient, _oidcUser, _oidcUserPrefix, _oidcGroups, _oidcGroupsPrefix, _oidcRequired, _oidcAlgorithms, _oidcCa];
        if (!flags.Any(o => IsGiven(result, o))) return [];
        if (result.GetValue(_authenticationFile) is not null) throw new StartException("--authentication-config file and --oidc-* flags are mutually exclusive.");
        if (result.GetValue(_oidcIssuer) is not { Length: > 0 } issuer || result.GetValue(_oidcClient) is not { Length: > 0 } client)
            throw new StartException("--oidc-issuer-url and --oidc-client-id must be specified together when any --oidc-* flags are set.");
        var user = result.GetValue(_oidcUser) ?? "sub";
        var mappings = new JsonObject
        {
            ["username"] = new JsonObject
            {
                ["claim"] = user,
                // Names of issuers other than by their own addresses are kept apart.
                ["prefix"] = result.GetValue(_oidcUserPrefix) switch { "-" => "", { Length: > 0 } prefix => prefix, _ => user == "email" ? "" : $"{issuer}#" },
            },
        };
        if (result.GetValue(_oidcGroups) is { Length: > 0 } groups)
            mappings["groups"] = new JsonObject { ["claim"] = groups, ["prefix"] = result.GetValue(_oidcGroupsPrefix) ?? "" };
        var place = new JsonObject { ["url"] = issuer, ["audiences"] = new JsonArray(client) };
        if (result.GetValue(_oidcCa) is { } file) place["certificateAuthority"] = ReadFile("--oidc-ca-file", file);
        return new JsonObject { ["jwt"] = new JsonArray(new JsonObject { ["issuer"] = place, ["claimMappings"] = mappings, ["claimValidationRules"] = ReadRequired(result) }) };
    }

    private JsonArray ReadRequired(ParseResult result)
    {
        var required = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in result.GetValue(_oidcRequired) ?? [])
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new StartException($"--oidc-required-claim takes CLAIM=VALUE, not \"{pair}\".");
            required[pair[..equals]] = pair[(equals + 1)..];
        }
        return new JsonArray([.. required.Select(static r => (JsonNode?)new JsonObject { ["claim"] = r.Key, ["requiredValue"] = r.Value })]);
    }

    private static string ReadFile(string flag, string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{flag}: {file} cannot be read: {e.Message}", e);
        }
    }

    private static bool IsGiven(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

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
