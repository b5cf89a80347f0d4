namespace Orchestrator.Kubectl.Tests;

/// <summary>A PostgreSQL server of its own: a fresh folder, a Unix socket, no port.</summary>
internal sealed class PostgreSql : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _bin;

    private PostgreSql(string folder, string bin)
    {
        _folder = folder;
        _bin = bin;
    }

    public string ConnectionString => $"Host={_folder};Username=postgres;Database=postgres";

    public static async Task<PostgreSql> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-postgres").FullName;
        var bin = Path.Combine(Directory.GetDirectories("/usr/lib/postgresql").Order().Last(), "bin");
        var server = new PostgreSql(folder, bin);
        // The server refuses to run as root.
        (await Command.RunAsync("chown", ["postgres", folder])).Succeeded();
        await server.RunAsync($"{bin}/initdb -D {folder}/data -A trust -U postgres");
        await server.RunAsync($"{bin}/pg_ctl -D {folder}/data -w -l {folder}/log -o \"-c listen_addresses='' -k {folder}\" start");
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync($"{_bin}/pg_ctl -D {_folder}/data -m immediate stop");
        Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync(string command) =>
        (await Command.RunAsync("su", ["postgres", "-s", "/bin/sh", "-c", $"cd {_folder} && {command} </dev/null >>{_folder}/out 2>&1"])).Succeeded();
}
