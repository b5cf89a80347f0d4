using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Kubectl.Tests;

/// <summary>Everything that kubectl can make without a manifest is made, shown, described and changed.</summary>
public sealed class GeneratorTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    [SkippableTheory]
    [InlineData("cronjob", "c", "--image=busybox", "--schedule=*/5 * * * *", @"c\s+\*/5 \* \* \* \*\s+<none>\s+False\s+0\s+<none>")]
    [InlineData("deployment", "d", "--image=busybox", "--replicas=0", @"d\s+0/0\s+0\s+0\s")]
    [InlineData("ingress", "i", "--class=nginx", "--rule=foo.com/bar*=svc:8080,tls=cert", @"i\s+nginx\s+foo\.com\s+80, 443")]
    [InlineData("job", "j", "--image=busybox", "--", @"j\s+(Running|Complete)\s+\d/1")]
    [InlineData("poddisruptionbudget", "p", "--selector=a=b", "--min-available=1", @"p\s+1\s+N/A\s+0")]
    [InlineData("quota", "q", "--hard=pods=10", "--scopes=NotBestEffort", @"q\s+\d+s")]
    [InlineData("role", "r", "--verb=get,list", "--resource=pods", @"r\s+20\d\d-")]
    [InlineData("rolebinding", "b", "--role=r", "--user=jane", @"b\s+Role/r")]
    [InlineData("configmap", "m", "--from-literal=a=b", "--from-literal=c=d", @"m\s+2")]
    [InlineData("serviceaccount", "s", "--save-config", "--validate=strict", @"s\s+0")]
    public async Task Create_InANamespace_ThenGetAndDescribe(string kind, string name, string first, string second, string row)
    {
        var kubectl = await cluster.NewNamespaceAsync();
        string[] command = second == "--" ? ["create", kind, name, first, "--", "date"] : ["create", kind, name, first, second];

        Assert.Contains($"{name} created", await kubectl.RunAsync(command), StringComparison.Ordinal);

        Assert.Matches(row, await kubectl.RunAsync("get", kind, name));
        Assert.Matches($@"Name:\s+{name}", await kubectl.RunAsync("describe", kind, name));
        await kubectl.RunAsync("delete", kind, name, "--wait=false");
    }

    [SkippableTheory]
    [InlineData("clusterrole", "gen-role", "--verb=get", "--resource=pods", @"gen-role\s+20\d\d-")]
    [InlineData("clusterrolebinding", "gen-binding", "--clusterrole=view", "--group=g", @"gen-binding\s+ClusterRole/view")]
    [InlineData("priorityclass", "gen-class", "--value=1000", "--description=d", @"gen-class\s+1000\s+false\s+\d+s\s+PreemptLowerPriority")]
    public async Task Create_InTheCluster_ThenGetAndDescribe(string kind, string name, string first, string second, string row)
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", kind, name, first, second);
        Assert.Matches(row, await kubectl.RunAsync("get", kind, name));
        Assert.Contains(name, await kubectl.RunAsync("describe", kind, name), StringComparison.Ordinal);
        await kubectl.RunAsync("delete", kind, name);
    }

    [SkippableFact]
    public async Task Create_SecretsOfAllSorts()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        var folder = Directory.CreateTempSubdirectory("orchestrator-generators").FullName;
        try
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var certificate = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
            var (certFile, keyFile) = (Path.Combine(folder, "c.pem"), Path.Combine(folder, "k.pem"));
            await File.WriteAllTextAsync(certFile, certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());

            await kubectl.RunAsync("create", "secret", "generic", "g", "--from-literal=a=b");
            await kubectl.RunAsync("create", "secret", "docker-registry", "d", "--docker-username=u", "--docker-password=p");
            await kubectl.RunAsync("create", "secret", "tls", "t", $"--cert={certFile}", $"--key={keyFile}");

            var table = await kubectl.RunAsync("get", "secrets");
            Assert.Matches(@"g\s+Opaque\s+1", table);
            Assert.Matches(@"d\s+kubernetes\.io/dockerconfigjson\s+1", table);
            Assert.Matches(@"t\s+kubernetes\.io/tls\s+2", table);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task Create_ServicesOfAllTypes()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "service", "clusterip", "a", "--tcp=80:8080");
        await kubectl.RunAsync("create", "service", "nodeport", "b", "--tcp=80");
        await kubectl.RunAsync("create", "service", "loadbalancer", "c", "--tcp=80");
        await kubectl.RunAsync("create", "service", "externalname", "d", "--external-name=example.com");

        var table = await kubectl.RunAsync("get", "services");
        Assert.Matches(@"a\s+ClusterIP\s+10\.96\.\S+\s+<none>\s+80/TCP", table);
        Assert.Matches(@"b\s+NodePort\s+10\.96\.\S+\s+<none>\s+80:3\d{4}/TCP", table);
        Assert.Matches(@"c\s+LoadBalancer\s+10\.96\.\S+\s+<pending>\s+80:3\d{4}/TCP", table);
        Assert.Matches(@"d\s+ExternalName\s+<none>\s+example\.com\s+<none>", table);
    }

    [SkippableFact]
    public async Task Deployment_AutoscaledExposedAndSet_ShowsIt()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("create", "deployment", "web", "--image=busybox", "--port=80");
        await kubectl.RunAsync("create", "serviceaccount", "runner");
        await kubectl.RunAsync("create", "role", "r", "--verb=get", "--resource=pods");
        await kubectl.RunAsync("create", "rolebinding", "b", "--role=r", "--user=jane");

        await kubectl.RunAsync("autoscale", "deployment", "web", "--min=1", "--max=3", "--cpu-percent=50");
        await kubectl.RunAsync("expose", "deployment", "web", "--name=front");
        await kubectl.RunAsync("set", "image", "deployment/web", "busybox=busybox:2");
        await kubectl.RunAsync("set", "env", "deployment/web", "A=b");
        await kubectl.RunAsync("set", "resources", "deployment/web", "--limits=cpu=200m");
        await kubectl.RunAsync("set", "serviceaccount", "deployment", "web", "runner");
        await kubectl.RunAsync("set", "selector", "service", "front", "app=other");
        await kubectl.RunAsync("set", "subject", "rolebinding", "b", "--serviceaccount=" + kubectl.Namespace + ":runner");

        Assert.Matches(@"web\s+Deployment/web\s+cpu: <unknown>/50%\s+1\s+3", await kubectl.RunAsync("get", "hpa"));
        Assert.Equal("50", await kubectl.RunAsync("get", "horizontalpodautoscalers.v1.autoscaling", "web", "-o", "jsonpath={.spec.targetCPUUtilizationPercentage}"));
        Assert.Equal("busybox:2 200m runner", await kubectl.RunAsync("get", "deployment", "web", "-o",
            "jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].resources.limits.cpu} {.spec.template.spec.serviceAccountName}"));
        Assert.Equal("other", await kubectl.FieldAsync("service", "front", ".spec.selector.app"));
        Assert.Contains($"{kubectl.Namespace}/runner", await kubectl.RunAsync("get", "rolebinding", "b", "-o", "wide"), StringComparison.Ordinal);
        var all = await kubectl.RunAsync("get", "all");
        foreach (var name in new[] { "deployment.apps/web", "service/front", "horizontalpodautoscaler.autoscaling/web" }) Assert.Contains(name, all, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task CertificateRequest_IsMadeInTheCallersName_AndApproved()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = new CertificateRequest("CN=me", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var name = "request-of-" + kubectl.Namespace;
        await kubectl.ApplyAsync($$"""
            apiVersion: certificates.k8s.io/v1
            kind: CertificateSigningRequest
            metadata: {name: {{name}}}
            spec: {username: somebody, request: {{Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(pem))}}, signerName: example.com/s, usages: [client auth]}
            """);

        Assert.Matches(@"example\.com/s\s+kubernetes-admin\s+<none>\s+Pending", await kubectl.RunAsync("get", "csr", name));
        await kubectl.RunAsync("certificate", "approve", name);
        Assert.Matches(@"kubernetes-admin\s+<none>\s+Approved", await kubectl.RunAsync("get", "csr", name));
        var denied = await kubectl.TryAsync("certificate", "deny", name);
        Assert.NotEqual(0, denied.ExitCode);
    }

    [SkippableFact]
    public async Task Debug_AddsAContainer_AndResizeChangesAmounts()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("run", "p", "--image=busybox");
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/p", "--timeout=60s");

        await kubectl.RunAsync("debug", "p", "--image=busybox", "--target=p", "--attach=false", "--container=probe", "--", "date");
        Assert.Equal("probe p", await kubectl.RunAsync("get", "pod", "p", "-o", "jsonpath={.spec.ephemeralContainers[0].name} {.spec.ephemeralContainers[0].targetContainerName}"));
        var again = await kubectl.TryAsync("patch", "pod", "p", "--subresource=ephemeralcontainers", "--type=json", "-p", """[{"op":"remove","path":"/spec/ephemeralContainers/0"}]""");
        Assert.Contains("existing ephemeral containers \"probe\" may not be removed", again.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task ComponentStatuses_AreHealthy_AndSaidToBeDeprecated()
    {
        var result = await cluster.Up.KubectlAsync(null, ["get", "componentstatuses"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("v1 ComponentStatus is deprecated in v1.19+", result.Error, StringComparison.Ordinal);
        foreach (var name in new[] { "controller-manager", "etcd-0", "scheduler" }) Assert.Matches($@"{name}\s+Healthy\s+ok", result.Output);
    }

    [SkippableTheory]
    [InlineData("ingress.spec.rules.http.paths.pathType")]
    [InlineData("networkpolicy.spec.ingress.from.ipBlock")]
    [InlineData("statefulset.spec.volumeClaimTemplates.spec")]
    [InlineData("clusterrole.rules")]
    [InlineData("validatingwebhookconfiguration.webhooks.clientConfig")]
    [InlineData("prioritylevelconfiguration.spec.limited")]
    [InlineData("csidriver.spec")]
    [InlineData("hpa.spec.metrics.resource.target")]
    public async Task Explain_OfAnyKind_DescribesItsFields(string path)
    {
        var kubectl = await cluster.NewNamespaceAsync();
        Assert.Contains("DESCRIPTION:", await kubectl.RunAsync("explain", path), StringComparison.Ordinal);
    }
}
