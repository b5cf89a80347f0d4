using System.Diagnostics;

namespace Packages.Conformance.PersistenceSql;

/// <summary>A directory for one test class, deleted afterwards.</summary>
public sealed class ScratchDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("conformance").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A private PostgreSQL server on a unix socket, or the reason why there is none.</summary>
public sealed class PostgresServer : IDisposable
{
    private readonly string? _directory;
    private readonly string? _bin;

    public PostgresServer()
    {
        _bin = FindBin();
        if (_bin is null)
        {
            WhyNot = "no PostgreSQL below /usr/lib/postgresql";
            return;
        }
        try
        {
            // The path of a unix socket is short, so it does not go below a deep temporary directory.
            _directory = Directory.CreateTempSubdirectory("pg").FullName;
            if (Environment.UserName == "root") Run("chown", "postgres", _directory);
            AsPostgres($"{_bin}/initdb -D {_directory}/data -A trust -U postgres --no-sync");
            Start();
        }
        catch (Exception e)
        {
            WhyNot = "PostgreSQL did not start: " + e.Message;
        }
    }

    public string? WhyNot { get; }

    public string ConnectionString => $"Host={_directory};Username=postgres;Database=postgres;Timeout=5";

    /// <summary>Skips the test where there is no server, unless the environment says that there has to be one.</summary>
    public void Require()
    {
        if (WhyNot is null) return;
        var required = Environment.GetEnvironmentVariable("ORCHESTRATOR_REQUIRE") ?? "";
        if (required.Split(',', ' ', ';').Contains("postgresql")) Assert.Fail(WhyNot);
        Skip.If(true, WhyNot);
    }

    public void Start() => AsPostgres($"{_bin}/pg_ctl -D {_directory}/data -w -o '-k {_directory} -c listen_addresses=' -l {_directory}/log start");

    public void Stop() => AsPostgres($"{_bin}/pg_ctl -D {_directory}/data -w -m fast stop");

    public void Dispose()
    {
        if (_directory is null) return;
        try
        {
            AsPostgres($"{_bin}/pg_ctl -D {_directory}/data -m immediate stop");
        }
        catch (InvalidOperationException)
        {
            // It was not running.
        }
        Directory.Delete(_directory, recursive: true);
    }

    private static string? FindBin() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => d + "/bin").Where(d => System.IO.File.Exists(d + "/initdb")).Max()
        : null;

    private static void AsPostgres(string command)
    {
        if (Environment.UserName == "root") Run("su", "postgres", "-c", command);
        else Run("sh", "-c", command);
    }

    private static void Run(string program, params string[] arguments)
    {
        // The server inherits the output and keeps it open, so it must not be a pipe that somebody reads to its end.
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. arguments]))!;
        if (!process.WaitForExit(TimeSpan.FromMinutes(1))) process.Kill();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
