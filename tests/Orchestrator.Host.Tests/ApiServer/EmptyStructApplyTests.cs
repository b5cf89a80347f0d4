namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>An apply that says an empty object, which defaults fill, can be said again.</summary>
public sealed class EmptyStructApplyTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    [Theory]
    [InlineData("/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/p",
        """{"apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"PriorityLevelConfiguration","metadata":{"name":"p"},"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{}}}}}""")]
    [InlineData("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/f",
        """{"apiVersion":"flowcontrol.apiserver.k8s.io/v1","kind":"FlowSchema","metadata":{"name":"f"},"spec":{"priorityLevelConfiguration":{"name":"p"},"distinguisherMethod":{"type":"ByUser"}}}""")]
    [InlineData("/apis/apps/v1/namespaces/default/deployments/d",
        """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"strategy":{},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"securityContext":{},"containers":[{"name":"c","image":"i","resources":{}}]}}}}""")]
    [InlineData("/api/v1/namespaces/default/pods/e",
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"e"},"spec":{"securityContext":{},"containers":[{"name":"c","image":"i","livenessProbe":{"httpGet":{"port":1}},"securityContext":{}}],"volumes":[{"name":"v","emptyDir":{}},{"name":"w","secret":{"secretName":"s"}}]}}""")]
    public async Task Apply_TwiceAndAThirdTimeByAnother_IsFine(string path, string body)
    {
        var before = "";
        foreach (var manager in (string[])["one", "one", "two", "one"])
        {
            var (code, json, _, text) = await server.SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}", body, "application/apply-patch+yaml");
            Assert.True((int)code < 300, $"{manager}: {text}");
            // Controllers may write the status meanwhile.
            var now = $"{json!["metadata"]!["generation"]} {json["spec"]!.ToJsonString()}";
            if (before.Length > 0) Assert.Equal(before, now);
            before = now;
        }
    }
}
