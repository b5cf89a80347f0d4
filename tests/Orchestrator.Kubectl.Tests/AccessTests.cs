using System.Text.Json.Nodes;

namespace Orchestrator.Kubectl.Tests;

/// <summary>Who may do what, through kubectl, and from within a pod.</summary>
public sealed class AccessTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    [SkippableFact]
    public async Task ServiceAccount_MayWhatItsRoleGrants_AndLogsInWithItsToken()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        var account = $"system:serviceaccount:{kubectl.Namespace}:bot";
        await kubectl.RunAsync("create", "serviceaccount", "bot");
        await UntilAsync(async () => (await kubectl.TryAsync("get", "clusterrole", "view", "-o", "jsonpath={.rules}")).Output.Contains("pods", StringComparison.Ordinal));
        await kubectl.RunAsync("create", "rolebinding", "bot", "--clusterrole=view", $"--serviceaccount={kubectl.Namespace}:bot");

        Assert.Equal("yes", (await kubectl.RunAsync("auth", "can-i", "list", "pods", "--as", account)).Trim());
        Assert.Equal("no", (await kubectl.TryAsync("auth", "can-i", "create", "pods", "--as", account)).Output.Trim());
        Assert.Contains("deployments.apps", await kubectl.RunAsync("auth", "can-i", "--list", "--as", account), StringComparison.Ordinal);
        Assert.Contains("cannot create resource \"pods\"", (await kubectl.TryAsync("run", "web", "--image=none", "--as", account)).Error, StringComparison.Ordinal);

        var token = (await kubectl.RunAsync("create", "token", "bot", "--duration=10m")).Trim();
        var file = Path.GetTempFileName();
        try
        {
            var raw = JsonNode.Parse(await kubectl.RunAsync("config", "view", "--raw", "-o", "json"))!;
            raw["users"]![0]!["user"] = new JsonObject { ["token"] = token };
            await File.WriteAllTextAsync(file, raw.ToJsonString());
            var who = await Command.RunAsync("kubectl", ["--kubeconfig", file, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
            Assert.Equal(account, who.Succeeded());
            Assert.Contains("No resources found", (await Command.RunAsync("kubectl", ["--kubeconfig", file, "-n", kubectl.Namespace, "get", "pods"])).Error, StringComparison.Ordinal);
            Assert.Contains("Forbidden", (await Command.RunAsync("kubectl", ["--kubeconfig", file, "get", "nodes"])).Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [SkippableFact]
    public async Task Roles_AreReconciled_AndNobodyGrantsMoreThanHeHolds()
    {
        var kubectl = await cluster.NewNamespaceAsync();
        var manifest = $$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: granter, namespace: {{kubectl.Namespace}}}
            rules:
            - {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create]}
            - {apiGroups: [""], resources: [pods], verbs: [get]}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: granter, namespace: {{kubectl.Namespace}}}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: granter}
            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: granters}]
            """;
        (await cluster.Up.KubectlAsync(manifest, ["auth", "reconcile", "-f", "-"])).Succeeded();

        await kubectl.RunAsync("create", "role", "mine", "--verb=get", "--resource=pods", "--as=eve", "--as-group=granters");
        var more = await kubectl.TryAsync("create", "role", "more", "--verb=get", "--resource=secrets", "--as=eve", "--as-group=granters");

        Assert.Contains("is attempting to grant RBAC permissions not currently held", more.Error, StringComparison.Ordinal);
        Assert.Contains("granters", await kubectl.RunAsync("auth", "whoami", "--as=eve", "--as-group=granters"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task CertificateRequest_ApprovedIsIssued_AndDeniedIsNot()
    {
        RequiredTool.Need("openssl");
        var folder = Directory.CreateTempSubdirectory("orchestrator-csr").FullName;
        try
        {
            var kubectl = await cluster.NewNamespaceAsync();
            var pem = Path.Combine(folder, "r.pem");
            (await Command.RunAsync("openssl", ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", Path.Combine(folder, "k.pem"), "-subj", "/O=devs/CN=alice", "-out", pem])).Succeeded();
            foreach (var name in (string[])["alice", "mallory"])
                await kubectl.ApplyAsync($$"""
                    apiVersion: certificates.k8s.io/v1
                    kind: CertificateSigningRequest
                    metadata: {name: {{name}}}
                    spec: {request: {{Convert.ToBase64String(await File.ReadAllBytesAsync(pem))}}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}
                    """);
            await kubectl.RunAsync("certificate", "approve", "alice");
            await kubectl.RunAsync("certificate", "deny", "mallory");
            await UntilAsync(async () => (await kubectl.RunAsync("get", "csr", "alice")).Contains("Approved,Issued", StringComparison.Ordinal));
            Assert.Contains("Denied", await kubectl.RunAsync("get", "csr", "mallory"), StringComparison.Ordinal);

            var certificate = Path.Combine(folder, "c.pem");
            await File.WriteAllBytesAsync(certificate, Convert.FromBase64String(await kubectl.RunAsync("get", "csr", "alice", "-o", "jsonpath={.status.certificate}")));
            var raw = JsonNode.Parse(await kubectl.RunAsync("config", "view", "--raw", "-o", "json"))!;
            raw["users"]![0]!["user"] = new JsonObject { ["client-certificate"] = certificate, ["client-key"] = Path.Combine(folder, "k.pem") };
            var file = Path.Combine(folder, "config");
            await File.WriteAllTextAsync(file, raw.ToJsonString());
            Assert.Equal("alice", (await Command.RunAsync("kubectl", ["--kubeconfig", file, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"])).Succeeded());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task Pod_ReachesTheApi_WithTheTokenOfItsVolume()
    {
        RequiredTool.Need("kubectl");
        RequiredTool.Need("curl");
        Skip.If(Environment.UserName != "root", "the process runtime mounts volumes only as root");
        var folder = Directory.CreateTempSubdirectory("orchestrator-pod-token").FullName;
        try
        {
            await using var up = await OrchestratorProcess.StartAsync(
                "up", "--data", folder, "--listen", "127.0.0.1:0", "--remoting", "127.0.0.1:0", "--runtime", "process", "--node-name", "node-1");
            (await up.KubectlAsync("create", "role", "reader", "--verb=get", "--resource=pods")).Succeeded();
            (await up.KubectlAsync("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:default")).Succeeded();
            var script = "cd /var/run/secrets/kubernetes.io/serviceaccount; for p in pods/reader secrets; do curl -s --cacert ca.crt -H \"Authorization: Bearer $(cat token)\" "
                + $"-o /dev/null -w '%{{http_code}} ' {up.Url}/api/v1/namespaces/$(cat namespace)/$p; done";
            var manifest = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = new JsonObject { ["name"] = "reader" },
                ["spec"] = new JsonObject
                {
                    ["restartPolicy"] = "Never",
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "none", ["command"] = new JsonArray("sh", "-c", script) }),
                },
            };
            (await up.KubectlAsync(manifest.ToJsonString(), ["apply", "-f", "-"])).Succeeded();
            (await up.KubectlAsync("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/reader", "--timeout=90s")).Succeeded();

            Assert.Equal("200 403", (await up.KubectlAsync("logs", "reader")).Succeeded().Trim());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(60), "the condition did not come true within a minute");
            await Task.Delay(100);
        }
    }
}
