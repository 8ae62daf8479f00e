using System.CommandLine;
using Milvus.Hosting.Settings;
using Milvus.TestKit.Disk;

namespace Milvus.Hosting.Tests.Settings;

public sealed class SettingFlagsTests
{
    private static readonly SettingTable<(string Name, int Port)> s_table = new(
    [
        new("name", "a name", "a name", (s, v) => s with { Name = v }),
        new("port", "a port", "a port number", (s, v) => s with { Port = SettingText.Port(v) }),
    ]);

    [Fact]
    public void Flags_and_the_file_are_read_before_and_after_a_verb()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "s.json");
        File.WriteAllText(file, """{ "name": "file", "port": 1 }""");
        string[][] lines = [["--config", file, "--port", "7"], ["verb", "--port", "7", "--config", file], ["--port", "7", "verb", "--config", file]];
        foreach (var line in lines)
        {
            var flags = new SettingFlags<(string Name, int Port)>(s_table);
            var program = new RootCommand("a program");
            flags.AddTo(program);
            program.Subcommands.Add(new Command("verb", "does something"));
            Assert.Equal(("file", 7), s_table.Read(default, flags.Read(program.Parse(line))));
        }
    }

    [Fact]
    public async Task What_can_be_explained_is_an_exit_code_and_the_rest_is_thrown()
    {
        Assert.Equal(5, await StartupFailure.GuardAsync(() => Task.FromResult(5)));
        Assert.Equal(1, await StartupFailure.GuardAsync(() => throw new SettingsException("no such setting")));
        await Assert.ThrowsAsync<NotSupportedException>(() => StartupFailure.GuardAsync(() => throw new NotSupportedException()));
    }
}
