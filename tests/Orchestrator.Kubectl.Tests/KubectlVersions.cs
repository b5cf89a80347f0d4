namespace Orchestrator.Kubectl.Tests;

/// <summary>The kubectls of this machine, of whatever minor version.</summary>
/// <remarks>Those beside the one on the PATH that are named <c>kubectl.1.29</c> and the like, and those that ORCHESTRATOR_KUBECTLS lists (paths, separated by colons).</remarks>
internal static class KubectlVersions
{
    public static string[] All()
    {
        var found = new List<string> { "kubectl" };
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
        {
            var kubectl = new FileInfo(Path.Combine(folder, "kubectl"));
            if (!kubectl.Exists) continue;
            var home = Path.GetDirectoryName(kubectl.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? kubectl.FullName)!;
            found.AddRange(Directory.GetFiles(home, "kubectl.1.*"));
            break;
        }
        found.AddRange((Environment.GetEnvironmentVariable("ORCHESTRATOR_KUBECTLS") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries));
        return [.. found.Distinct()];
    }
}
