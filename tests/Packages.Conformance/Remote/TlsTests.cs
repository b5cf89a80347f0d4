using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using static Packages.Conformance.Remote.Systems;

namespace Packages.Conformance.Remote;

public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tls-").FullName;

    [Fact]
    public async Task Systems_WithCertificatesOfOneAuthority_TalkToEachOther()
    {
        await using var systems = new Systems();
        var authority = Authority("ca");
        var a = systems.Remote(Config(authority, Issue(authority, "a")));
        var b = systems.Remote(Config(authority, Issue(authority, "b")));
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        Assert.Equal("secret", await At(a, b, "/user/echo").Ask<string>("secret", Patience));
    }

    [Fact]
    public async Task System_WithACertificateOfAnotherAuthority_IsRefused()
    {
        await using var systems = new Systems();
        var (own, other) = (Authority("own"), Authority("other"));
        var a = systems.Remote(Config(other, Issue(other, "a")) + "\nakka.loglevel = OFF");
        var b = systems.Remote(Config(own, Issue(own, "b")) + "\nakka.loglevel = OFF");
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        await Assert.ThrowsAsync<AskTimeoutException>(() => At(a, b, "/user/echo").Ask<string>("x", TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task Client_ThatShowsAForeignCertificate_IsRefusedByTheServer()
    {
        await using var systems = new Systems();
        var (own, other) = (Authority("own"), Authority("other"));
        // The client trusts the server, but the server must not trust the client.
        var a = systems.Remote(Config(own, Issue(other, "a")) + "\nakka.loglevel = OFF");
        var b = systems.Remote(Config(own, Issue(own, "b")) + "\nakka.loglevel = OFF");
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        await Assert.ThrowsAsync<AskTimeoutException>(() => At(a, b, "/user/echo").Ask<string>("x", TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task System_WithoutTls_IsRefused()
    {
        await using var systems = new Systems();
        var authority = Authority("ca");
        var a = systems.Remote("akka.loglevel = OFF");
        var b = systems.Remote(Config(authority, Issue(authority, "b")) + "\nakka.loglevel = OFF");
        b.ActorOf(Props.Create(() => new Echo()), "echo");
        await Assert.ThrowsAsync<AskTimeoutException>(() => At(a, b, "/user/echo").Ask<string>("x", TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void Key_AtTheWrongPlace_IsRefused()
    {
        var authority = Authority("ca");
        var misplaced = Config(authority, Issue(authority, "a")).Replace(", ca-path = ", " }\n  ssl { ca-path = ", StringComparison.Ordinal);
        var refusal = Assert.ThrowsAny<Exception>(() => ActorSystem.Create("misplaced", Akka.Configuration.ConfigurationFactory.ParseString($$"""
            {{misplaced}}
            akka { loglevel = OFF, stdout-loglevel = OFF, actor.provider = remote, remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 } }
            """)));
        Assert.Contains("ssl.ca-path is not known", refusal.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Config((X509Certificate2 Certificate, string Path) authority, string certificate) => $$"""
        akka.remote.dot-netty.tcp {
          enable-ssl = true
          ssl.certificate { path = "{{certificate}}", password = "pw", ca-path = "{{authority.Path}}" }
        }
        """;

    private (X509Certificate2 Certificate, string Path) Authority(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        var path = Path.Combine(_directory, $"{name}.pem");
        File.WriteAllText(path, certificate.ExportCertificatePem());
        return (certificate, path);
    }

    private string Issue((X509Certificate2 Certificate, string Path) authority, string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.Create(authority.Certificate, DateTimeOffset.UtcNow.AddMinutes(-30),
            DateTimeOffset.UtcNow.AddMinutes(30), RandomNumberGenerator.GetBytes(8));
        using var whole = certificate.CopyWithPrivateKey(key);
        var path = Path.Combine(_directory, $"{name}-{Guid.NewGuid():N}.pfx");
        File.WriteAllBytes(path, whole.Export(X509ContentType.Pkcs12, "pw"));
        return path;
    }
}
