using System.Collections;
using Milvus.Embedded;
using Milvus.Hosting.Settings;
using Milvus.TestKit.Disk;

namespace Milvus.Hosting.Tests.Settings;

public sealed class SettingsTests
{
    private static readonly SettingTable<Sample> s_table = new(
    [
        new("port", "", "a port number", (s, v) => s with { Port = SettingText.Port(v) }),
        new("name", "", "a name", (s, v) => s with { Name = SettingText.NotEmpty(v) }),
        .. EngineSettings.Keys<Sample>(s => s.Engine, (s, e) => s with { Engine = e }),
    ]);

    [Fact]
    public void A_flag_wins_over_the_environment_and_that_over_the_file()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "s.json");
        File.WriteAllText(file, """{ "port": 1, "name": "file", "memory-limit": "1g" /* comment */, }""");
        var sources = Sources().AddFile(file).AddEnvironment(new Hashtable { ["MILVUS_NAME"] = "environment", ["MILVUS_PORT"] = "2", ["MILVUS_OTHER"] = "not ours" }).AddFlag("port", "3");
        var read = s_table.Read(new Sample(), sources);
        Assert.Equal(3, read.Port);
        Assert.Equal("environment", read.Name);
        Assert.Equal(1L << 30, read.Engine.MemoryLimitBytes);
    }

    [Fact]
    public void Yaml_reads_like_json()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "s.yaml");
        File.WriteAllText(file, "port: 77\nname: yaml\n");
        Assert.Equal(new Sample { Port = 77, Name = "yaml" }, s_table.Read(new Sample(), Sources().AddFile(file)));
    }

    [Theory]
    [InlineData("port", "70000", "setting 'port' from the flag --port: '70000' is not a port number")]
    [InlineData("port", "-1", "setting 'port' from the flag --port: '-1' is not a port number")]
    [InlineData("name", "", "setting 'name' from the flag --name: '' is not a name")]
    [InlineData("dictionaries", "/nowhere/at/all", "setting 'dictionaries' from the flag --dictionaries: '/nowhere/at/all' is not the path of a directory that exists")]
    [InlineData("memory-limit", "many", "setting 'memory-limit' from the flag --memory-limit: 'many' is not a size such as 512m or 8g")]
    public void A_bad_value_is_told_with_where_it_came_from(string key, string value, string message) =>
        Assert.Equal(message, Assert.Throws<SettingsException>(() => s_table.Read(new Sample(), Sources().AddFlag(key, value))).Message);

    [Fact]
    public void An_unknown_setting_names_the_known_ones()
    {
        var e = Assert.Throws<SettingsException>(() => s_table.Read(new Sample(), Sources().AddFlag("prot", "1")));
        Assert.StartsWith("unknown setting 'prot' in the flag --prot; known are: auto-compaction, build-threads,", e.Message);
    }

    [Theory]
    [InlineData("s.json", "{ nonsense")]
    [InlineData("s.yaml", "- a\n- b")]
    [InlineData("s.toml", "a = 1")]
    public void A_file_that_cannot_be_read_is_named(string name, string text)
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, name);
        File.WriteAllText(file, text);
        Assert.Contains(file, Assert.Throws<SettingsException>(() => Sources().AddFile(file)).Message);
    }

    [Theory]
    [InlineData("512", 512)]
    [InlineData("4k", 4096)]
    [InlineData("1.5M", 1572864)]
    [InlineData("2g", 2147483648)]
    public void Sizes_have_suffixes(string text, long bytes) => Assert.Equal(bytes, SettingText.Size(text));

    private static SettingsSources Sources() => new(s_table.Knows);

    private sealed record Sample
    {
        public int Port { get; init; }

        public string Name { get; init; } = "";

        public EngineOptions Engine { get; init; } = EngineOptions.Default;
    }
}
