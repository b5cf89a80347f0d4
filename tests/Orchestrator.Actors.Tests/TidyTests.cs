using System.Text.RegularExpressions;

namespace Orchestrator.Actors.Tests;

/// <summary>The rules of the house that no analyzer checks.</summary>
public sealed partial class TidyTests
{
    private const int LinesMax = 600;

    private static readonly string Root = FindRoot();

    [Fact]
    public void Sources_AreShort() =>
        Assert.DoesNotContain(Sources().Select(f => (File: f, Lines: File.ReadLines(f).Count())), f => f.Lines > LinesMax);

    [Fact]
    public void Sources_HoldNoForgottenWork() =>
        Assert.Empty(Sources().Where(f => !f.EndsWith("TidyTests.cs", StringComparison.Ordinal))
            .SelectMany(f => File.ReadLines(f).Where(l => l.Contains("NotImplementedException", StringComparison.Ordinal) || Forgotten().IsMatch(l)).Select(l => $"{f}: {l.Trim()}")));

    [Fact]
    public void PureFiles_KnowNoActors() =>
        Assert.DoesNotContain(Sources("Orchestrator.Actors").Where(f => Pure().IsMatch(Path.GetFileName(f))),
            f => File.ReadLines(f).Any(l => l.StartsWith("using Akka", StringComparison.Ordinal)));

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("CONTRIBUTING.md")]
    public void Documents_NamePathsThatExist(string document)
    {
        var paths = Paths().Matches(File.ReadAllText(Path.Combine(Root, document))).Select(m => m.Groups["path"].Value)
            .Where(p => !p.Contains('<', StringComparison.Ordinal));

        Assert.DoesNotContain(paths, p => !Path.Exists(Path.Combine(Root, p)));
    }

    private static IEnumerable<string> Sources(string below = "") =>
        Directory.EnumerateFiles(Path.Combine(Root, below), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !f.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Actors.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("no Actors.sln above the tests");
        return folder.FullName;
    }

    [GeneratedRegex(@"//\s*(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex Forgotten();

    [GeneratedRegex(@"(Reconciler|View|State|Validation|Strategy|Plan|Queue|Model)\.cs$")]
    private static partial Regex Pure();

    [GeneratedRegex(@"`(?<path>(Orchestrator\.|hocon/|packages/|tests/|docs/|\.ci/)[A-Za-z0-9_./<>-]*)`")]
    private static partial Regex Paths();
}
