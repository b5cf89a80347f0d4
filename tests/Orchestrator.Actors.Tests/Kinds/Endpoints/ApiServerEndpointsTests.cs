using System.Net;
using Orchestrator.Actors.Kinds.Endpoints;

namespace Orchestrator.Actors.Tests.Kinds.Endpoints;

public sealed class ApiServerEndpointsTests
{
    private static readonly IPEndPoint[] Servers =
        [IPEndPoint.Parse("10.0.0.2:6443"), IPEndPoint.Parse("10.0.0.1:6443"), IPEndPoint.Parse("10.0.0.1:6443"), IPEndPoint.Parse("10.0.0.1:7443")];

    [Fact]
    public void Subsets_OnePerPort_WithoutDoubles() => Assert.Equal(
        """[{"addresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}],"ports":[{"name":"https","port":6443,"protocol":"TCP"}]},{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"name":"https","port":7443,"protocol":"TCP"}]}]""",
        ApiServerEndpoints.Subsets(Servers).ToJsonString());

    [Fact]
    public void Slices_FirstHasTheNameOfTheService_OthersTellTheirPort()
    {
        var slices = ApiServerEndpoints.Slices(Servers);
        Assert.Equal(["kubernetes", "kubernetes-ipv4-7443"], slices.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, slices["kubernetes"]["endpoints"]!.AsArray().Count);
    }
}
