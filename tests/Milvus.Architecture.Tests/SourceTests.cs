using System.Text.RegularExpressions;

namespace Milvus.Architecture.Tests;

/// <summary>What sources may not contain, found by scanning their text.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 600;

    private static readonly string[] s_bannedFolders = ["Helpers", "Helper", "Managers", "Manager", "Common", "Utils", "Util", "Utilities", "Misc"];

    /// <summary>Files allowed to be longer, with their length. May only shrink.</summary>
    private static readonly Dictionary<string, int> s_longFiles = [];

    [Theory]
    [InlineData(@"\bDateTime(Offset)?\.(Utc)?Now\b")]
    [InlineData(@"\bThread\.Sleep\b")]
    [InlineData(@"\bNotImplementedException\b")]
    [InlineData(@"\basync void\b")]
    public void The_product_never_uses(string pattern) => AssertNowhere(pattern, f => f.IsProduct);

    [Theory]
    [InlineData(@"\bTask\.Run\b")]
    [InlineData(@"\bStopwatch\b")]
    [InlineData(@"\bEnvironment\.TickCount")]
    [InlineData(@"\bConsole\.")]
    [InlineData(@"\bEnvironment\.GetEnvironmentVariable")]
    public void Core_never_uses(string pattern) => AssertNowhere(pattern, f => f.IsCore);

    [Theory]
    [InlineData(@"\bDateTime(Offset)?\.(Utc)?Now\b")]
    [InlineData(@"\bThread\.Sleep\b")]
    public void Tests_do_not_depend_on_the_wall_clock(string pattern) => AssertNowhere(pattern, f => f.Path.Contains(".Tests/") && !IsThisFile(f));

    [Fact]
    public void Nothing_is_left_for_later() =>
        Assert.Empty(Repository.Sources.Where(f => !IsThisFile(f) && Later().IsMatch(f.Text)).Select(f => f.Path));

    [Fact]
    public void No_failure_is_swallowed_without_a_word() =>
        Assert.Empty(Repository.Sources.Where(f => f.IsProduct && EmptyCatch().IsMatch(f.Text)).Select(f => f.Path));

    [Fact]
    public void Namespaces_are_file_scoped() =>
        Assert.Empty(Repository.Sources.Where(f => BlockNamespace().IsMatch(f.Text)).Select(f => f.Path));

    [Fact]
    public void Folders_are_named_for_what_they_hold() =>
        Assert.Empty(Repository.SourceFolders.Where(f => f.Split('/').Intersect(s_bannedFolders, StringComparer.OrdinalIgnoreCase).Any()));

    [Fact]
    public void Files_stay_short()
    {
        var wrong = Repository.Sources
            .Where(f => f.LineCount > s_longFiles.GetValueOrDefault(f.Path, MaxLines))
            .Select(f => $"{f.Path} has {f.LineCount} lines");
        Assert.Empty(wrong);
        Assert.Empty(s_longFiles.Keys.Where(p => Repository.Sources.FirstOrDefault(f => f.Path == p) is not { LineCount: > MaxLines }));
    }

    private static void AssertNowhere(string pattern, Func<SourceFile, bool> files)
    {
        var regex = new Regex(pattern);
        var found =
            from file in Repository.Sources.Where(files)
            from line in file.Code()
            where regex.IsMatch(line.Code)
            select $"{file.Path}:{line.Number}";
        Assert.Empty(found);
    }

    private static bool IsThisFile(SourceFile file) => file.Path.EndsWith("/SourceTests.cs", StringComparison.Ordinal);

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex Later();

    // A comment inside the braces is the word.
    [GeneratedRegex(@"catch\s*(\([^)]*\)\s*)?(when\s*\([^{}]*\)\s*)?\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"^namespace [\w.]+\s*\{?\s*$", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();
}
