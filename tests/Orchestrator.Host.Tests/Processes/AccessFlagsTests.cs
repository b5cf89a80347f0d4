using Orchestrator.Actors.Authorization;
using Orchestrator.Host.ApiServer.Configuration;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

/// <summary>The configuration that the flags of access stand for.</summary>
public sealed class AccessFlagsTests
{
    [Theory]
    [InlineData("", "https://a.example.com#|sub||")]
    [InlineData("--oidc-username-claim email", "|email||")]
    [InlineData("--oidc-username-claim email --oidc-username-prefix p:", "p:|email||")]
    [InlineData("--oidc-username-prefix -", "|sub||")]
    [InlineData("--oidc-groups-claim roles", "https://a.example.com#|sub||roles")]
    [InlineData("--oidc-groups-claim roles --oidc-groups-prefix g:", "https://a.example.com#|sub|g:|roles")]
    public async Task Oidc_IsAnIssuerOfTheConfiguration(string flags, string expected)
    {
        var (settings, error) = await ReadAsync($"--oidc-issuer-url https://a.example.com --oidc-client-id c --oidc-required-claim z=1 --oidc-required-claim hd=x=y {flags}");
        Assert.Equal("", error);
        var issuer = Assert.Single(StructuredFile.Authentication(settings!.Authentication, []).Jwt);
        Assert.Equal(("https://a.example.com", "c"), (issuer.Issuer, issuer.Audiences.Single()));
        Assert.Equal([("hd", "x=y"), ("z", "1")], issuer.RequiredClaims.AsEnumerable());
        Assert.Equal(expected, $"{issuer.Username.Prefix}|{issuer.Username.Claim}|{issuer.Groups.Prefix}|{issuer.Groups.Claim}");
    }

    [Fact]
    public async Task Modes_AreAuthorizersOfTheConfiguration()
    {
        var (settings, _) = await ReadAsync("--authorization-mode Webhook,RBAC --authorization-webhook-config-file /hook --authorization-webhook-cache-authorized-ttl 1s");
        Assert.Equal(["default", "rbac"], settings!.Authorization.Authorizers.Select(static a => a.Name));
        var webhook = settings.Authorization.Authorizers[0].Webhook!;
        Assert.Equal(("/hook", "v1beta1", 1.0, 30.0, false), (webhook.KubeConfigFile, webhook.Version, webhook.AuthorizedTtl.TotalSeconds, webhook.Timeout.TotalSeconds, webhook.DeniesOnFailure));
        (settings, _) = await ReadAsync("");
        Assert.Equal(AuthorizationConfiguration.Default.OwnTypes.AsEnumerable(), settings!.Authorization.OwnTypes);
        Assert.Null(settings.Anonymous);
        Assert.Empty(StructuredFile.Authentication(settings.Authentication, []).Jwt);
    }

    [Theory]
    [InlineData("--authentication-config a --oidc-issuer-url https://a", "--authentication-config file and --oidc-* flags are mutually exclusive.")]
    [InlineData("--oidc-username-claim x", "--oidc-issuer-url and --oidc-client-id must be specified together when any --oidc-* flags are set.")]
    [InlineData("--authorization-config a --authorization-mode RBAC", "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined.")]
    [InlineData("--authorization-config a --authorization-webhook-version v1", "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined.")]
    [InlineData("--authorization-mode Webhook", "--authorization-mode Webhook and --authorization-webhook-config-file need each other.")]
    [InlineData("--authorization-mode ABAC", "--authorization-mode takes AlwaysAllow, AlwaysDeny, Node, RBAC, Webhook, not \"ABAC\".")]
    public async Task Flags_ThatDoNotGoTogether_RefuseTheStart(string flags, string message)
    {
        var (settings, error) = await ReadAsync(flags);
        Assert.Null(settings);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IssuerOfTheFlags_IsCheckedAsOneOfAFile()
    {
        var (settings, _) = await ReadAsync("--oidc-issuer-url http://a --oidc-client-id c");
        Assert.Equal("jwt[0].issuer.url: Invalid value: \"http://a\": URL scheme must be https",
            Assert.Throws<FormatException>(() => StructuredFile.Authentication(settings!.Authentication, [])).Message);
    }

    /// <summary>What <c>up</c> would start with, or what it says instead.</summary>
    private static async Task<(AccessSettings? Settings, string Error)> ReadAsync(string flags)
    {
        AccessSettings? read = null;
        var handlers = new CommandHandlers((settings, _) =>
        {
            read = settings.Access;
            return Task.FromResult(0);
        }, static (_, _) => Task.FromResult(0));
        using var error = new StringWriter();
        await CommandLine.RunAsync(["up", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)], handlers, error);
        return (read, error.ToString());
    }
}
