using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Milvus.TestKit.Postgres;

/// <summary>
/// A PostgreSQL server for tests: on a free port of the loopback interface, in a temporary directory, without passwords and without fsync.
/// It ends with the process that started it, however that ends, because it is guarded by a shell that reads from a pipe to it.
/// </summary>
/// <remarks>
/// <see cref="SharedAsync"/> is one per test process; with <c>MILVUS_TEST_POSTGRES</c> set to a connection string it is that database instead.
/// <see cref="StartNewAsync"/> is for tests that stop it.
/// </remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    public const string Variable = "MILVUS_TEST_POSTGRES";

    private const string User = "milvus";
    private const string Database = "postgres";
    private const int Attempts = 5;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task<PostgresServer>> s_shared = new(CreateSharedAsync);

    // The first line of input names the signal to stop with; when the input ends without one, the tests are gone and so are the data.
    private const string Guard = """
        directory=$1; shift
        ( "$@" >>"$directory/log" 2>&1 & echo $! >"$directory/server"; wait; : >"$directory/ended" ) &
        read -r signal || { signal=QUIT; abandoned=yes; }
        kill -"$signal" "$(cat "$directory/server")" 2>/dev/null
        wait
        if [ -n "$abandoned" ]; then rm -rf "$directory"; fi
        """;

    private const string Initialise = """
        directory=$(mktemp -d "${TMPDIR:-/tmp}/milvus-postgres-XXXXXX") || exit 1
        "$1" -D "$directory/data" -U "$2" --auth=trust --encoding=UTF8 --locale=C --no-sync >"$directory/log" 2>&1 || { cat "$directory/log" >&2; rm -rf "$directory"; exit 1; }
        echo "$directory"
        """;

    private readonly string? _external;
    private readonly string _directory;
    private Process? _guard;

    private PostgresServer(string? external, string directory)
    {
        _external = external;
        _directory = directory;
    }

    /// <summary>Why no test that needs a PostgreSQL can run here, or null if it can.</summary>
    public static string? Missing => External is null ? PostgresProgram.Missing : null;

    /// <summary>Why no server can be started, and so none stopped; null if one can.</summary>
    public static string? MissingOwn => PostgresProgram.Missing;

    /// <summary>In the words of Npgsql; the database is there and the user owns it.</summary>
    public string ConnectionString => _external ?? $"Host=127.0.0.1;Port={Port};Database={Database};Username={User}";

    /// <summary>Of a server started here.</summary>
    public int Port { get; private set; }

    public bool IsRunning => _external is not null || _guard is { HasExited: false };

    private static string? External => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value : null;

    private string EndedFile => Path.Combine(_directory, "ended");

    private string PidFile => Path.Combine(_directory, "data", "postmaster.pid");

    /// <summary>The server that all tests of this process may use, but not stop.</summary>
    public static Task<PostgresServer> SharedAsync() => s_shared.Value;

    /// <summary>A server of one's own, running.</summary>
    public static async Task<PostgresServer> StartNewAsync()
    {
        using var shell = PostgresProgram.StartShell(Initialise, PostgresProgram.Path("initdb"), User);
        using var limit = new CancellationTokenSource(s_limit);
        var output = shell.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = shell.StandardError.ReadToEndAsync(limit.Token);
        await shell.WaitForExitAsync(limit.Token);
        if (shell.ExitCode != 0)
            throw new InvalidOperationException($"initdb failed: {await errors}");
        var server = new PostgresServer(null, (await output).Trim());
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it again, with its data and, once it has one, on its port.</summary>
    public async Task StartAsync()
    {
        if (_external is not null || IsRunning)
            throw new InvalidOperationException("the server is not one that was stopped");
        for (var attempt = 1; ; attempt++)
        {
            File.Delete(EndedFile);
            var port = Port != 0 ? Port : FreePort();
            _guard = PostgresProgram.StartShell(Guard,
                _directory, PostgresProgram.Path("postgres"), "-D", Path.Combine(_directory, "data"), "-p", $"{port}",
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off",
                "-c", "shared_buffers=32MB", "-c", "max_connections=200", "-c", "autovacuum=off");
            if (await IsReadyAsync())
            {
                Port = port;
                return;
            }
            await StopAsync("QUIT");
            if (attempt == Attempts)
                throw new InvalidOperationException($"PostgreSQL does not start: {await File.ReadAllTextAsync(Path.Combine(_directory, "log"))}");
        }
    }

    /// <summary>Stops it in order, ending its sessions.</summary>
    public Task StopAsync() => StopAsync("INT");

    /// <summary>Stops it as a crash would.</summary>
    public Task KillAsync() => StopAsync("QUIT");

    public async ValueTask DisposeAsync()
    {
        if (_external is not null) return;
        if (_guard is not null)
            await StopAsync("QUIT");
        using var shell = PostgresProgram.StartShell("rm -rf \"$1\"", _directory);
        await shell.WaitForExitAsync();
    }

    private static async Task<PostgresServer> CreateSharedAsync() => External is { } external ? new PostgresServer(external, "") : await StartNewAsync();

    private async Task StopAsync(string signal)
    {
        if (_external is not null || _guard is not { } guard)
            throw new InvalidOperationException("the server is not one that was started here");
        _guard = null;
        using (guard)
        {
            await guard.StandardInput.WriteLineAsync(signal);
            await guard.StandardInput.FlushAsync();
            using var limit = new CancellationTokenSource(s_limit);
            await guard.WaitForExitAsync(limit.Token);
        }
    }

    // The eighth line of the file says when connections are accepted.
    private async Task<bool> IsReadyAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await timer.WaitForNextTickAsync(limit.Token))
        {
            if (_guard!.HasExited || File.Exists(EndedFile))
                return false;
            try
            {
                var lines = await File.ReadAllLinesAsync(PidFile, limit.Token);
                if (lines.Length > 7 && lines[7].StartsWith("ready", StringComparison.Ordinal))
                    return true;
            }
            catch (IOException)
            {
                // Not there yet, or gone already; the next look tells.
            }
        }
        return false;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
