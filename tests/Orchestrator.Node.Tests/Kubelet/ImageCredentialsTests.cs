using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class ImageCredentialsTests
{
    private static string? UserFor(string image, params string[] places)
    {
        var auths = string.Join(',', places.Select(static p => $$"""
            "{{p}}":{"username":"{{p}}","password":"x"}
            """));
        var config = new FakeConfig();
        config.Put(ResourceTypes.Secrets, $$$"""
            {"kind":"Secret","metadata":{"name":"pull","namespace":"default"},"data":{".dockerconfigjson":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{{\"auths\":{{{auths}}}}}"))}}}"}}
            """);
        var pod = WorkerBench.Read(WorkerBench.PodJson("""{"name":"main","image":"any"}""", ""","imagePullSecrets":[{"name":"pull"}]"""));
        return ImageCredentials.Find(pod, image, config)?.Username;
    }

    [Theory]
    [InlineData("web:1", "https://index.docker.io/v1/")]
    [InlineData("me/web", "https://index.docker.io/v1/")]
    [InlineData("docker.io/me/web", "https://index.docker.io/v1/")]
    [InlineData("docker.io/me/web", "docker.io")]
    [InlineData("example.com/me/web", "example.com")]
    [InlineData("example.com/me/web", "https://example.com/v2/")]
    [InlineData("example.com:5000/web", "example.com:5000")]
    [InlineData("eu.example.com/web", "*.example.com")]
    [InlineData("example.com/me/web", "example.com/me")]
    public void Credential_IsFound_ByThePlaceOfTheImage(string image, string place) => Assert.Equal(place, UserFor(image, "other.example.org", place));

    [Theory]
    [InlineData("example.com/me/web", "example.com/you")]
    [InlineData("a.b.example.com/web", "*.example.com")]
    [InlineData("example.com/web", "example.com:5000")]
    [InlineData("web", "example.com")]
    public void Credential_OfAnotherPlace_IsNone(string image, string place) => Assert.Null(UserFor(image, place));

    [Fact]
    public void Credential_ThatSaysMostOfThePlace_IsTaken() => Assert.Equal("example.com/me", UserFor("example.com/me/web", "example.com", "example.com/me", "example.com/you"));
}
