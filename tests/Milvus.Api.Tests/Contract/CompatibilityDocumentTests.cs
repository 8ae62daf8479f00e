using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Grpc;
using Milvus.Api.Grpc.Calls;
using Milvus.Api.Rest.Endpoints;
using Milvus.Api.Server;
using Milvus.Api.Tests.Calls;

namespace Milvus.Api.Tests.Contract;

/// <summary>docs/compatibility.md lists exactly what the server's tables hold.</summary>
public sealed partial class CompatibilityDocumentTests
{
    private static readonly string s_document = Read();

    private static readonly GrpcMethodTable s_methods = new GrpcMethodTable.Builder()
        .AddMilvus(new FakeProxy(), new ServerIdentity(), new ServerHealth(), TimeProvider.System, NullLogger.Instance)
        .Build();

    [Theory]
    [InlineData("Answered", true)]
    [InlineData("Refused with UNIMPLEMENTED", false)]
    public void Methods_are_listed_as_they_are(string section, bool implemented) =>
        AssertSame(s_methods.Methods.Where(m => m.IsImplemented == implemented).Select(m => m.Name), Listed(section));

    [Fact]
    public void Endpoints_are_listed_as_they_are() =>
        AssertSame(EndpointTable.Build().Keys, [.. Listed("Answered by REST"), .. Listed("Refused by REST")]);

    private static void AssertSame(IEnumerable<string> served, IReadOnlyCollection<string> listed)
    {
        Assert.Equal(listed.Count, listed.Distinct().Count());
        Assert.Empty(served.Except(listed).Select(n => $"{n} is not in the document"));
        Assert.Empty(listed.Except(served).Select(n => $"{n} is in the document only"));
    }

    /// <summary>The code spans in the tables of a section.</summary>
    private static List<string> Listed(string section)
    {
        var lines = s_document.Split('\n').SkipWhile(l => l != "### " + section).Skip(1).TakeWhile(l => !l.StartsWith('#')).ToList();
        Assert.NotEmpty(lines);
        return [.. lines.Where(l => l.StartsWith('|')).SelectMany(l => Span().Matches(l)).Select(m => m.Groups[1].Value)];
    }

    private static string Read()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Milvus.Actors.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("the tests run outside of the repository");
        return File.ReadAllText(Path.Combine(directory.FullName, "docs", "compatibility.md"));
    }

    [GeneratedRegex("`([A-Za-z0-9_/]+)`")]
    private static partial Regex Span();
}
