using System.Diagnostics;

namespace Orchestrator.Kubectl.Tests;

/// <summary>The operators of samples/ against the real server: one on HttpClient, one on the JavaScript client of Kubernetes.</summary>
public sealed class SampleTests(HollowCluster cluster) : IClassFixture<HollowCluster>
{
    private static readonly string Samples = Path.Combine(AppContext.BaseDirectory, "samples");

    [SkippableFact]
    public async Task OperatorInCSharp() => await RunAsync("dotnet", Path.Combine(AppContext.BaseDirectory, "WebsiteOperator.dll"));

    [SkippableFact]
    public async Task OperatorInJavaScript()
    {
        RequiredTool.Need("node");
        var folder = Directory.CreateTempSubdirectory("orchestrator-sample").FullName;
        try
        {
            foreach (var file in Directory.GetFiles(Samples, "*.js*")) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            (await Command.RunAsync("npm", ["ci", "--prefix", folder, "--no-audit", "--no-fund"])).Succeeded();
            await RunAsync("node", Path.Combine(folder, "operator.js"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task RunAsync(string program, string script)
    {
        RequiredTool.Need("kubectl");
        var kubectl = await cluster.NewNamespaceAsync();
        await kubectl.RunAsync("apply", "-f", Path.Combine(Samples, "website.crd.yaml"));
        await kubectl.RunAsync("wait", "--for=condition=Established", "crd/websites.samples.example.com", "--timeout=60s");
        var start = new ProcessStartInfo(program, script) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KUBECONFIG"] = cluster.Up.Kubeconfig;
        using var process = Process.Start(start)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await kubectl.RunAsync("apply", "-f", Path.Combine(Samples, "website.yaml"));
            await kubectl.RunAsync("wait", "--for=jsonpath={.status.readyReplicas}=2", "website/hello", "--timeout=90s");
            Assert.Equal("<h1>Hello</h1>", await kubectl.FieldAsync("configmap", "hello", ".data.index\\.html"));

            await kubectl.RunAsync("scale", "website", "hello", "--replicas=3");
            await kubectl.RunAsync("wait", "--for=jsonpath={.status.readyReplicas}=3", "website/hello", "--timeout=90s");

            // What the operator owns goes with the website.
            await kubectl.RunAsync("delete", "website", "hello");
            await kubectl.RunAsync("wait", "--for=delete", "deployment/hello", "configmap/hello", "--timeout=90s");
        }
        catch (InvalidOperationException e)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{e.Message}\n--- the operator\n{string.Concat(await output)}", e);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
