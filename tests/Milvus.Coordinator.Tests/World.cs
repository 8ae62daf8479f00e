using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Coordinator.Tests;

/// <summary>A coordinator without shell, clock or store: decides and applies commands one by one.</summary>
internal sealed class World : IIdSource
{
    private long _lastId = 1000;
    private ulong _lastTimestamp = 5000;

    public World() => State = State.Apply(CoordinatorState.Bootstrap(Context()));

    public CoordinatorState State { get; private set; } = new(Catalog.Empty);

    public Catalog Catalog => State.Catalog;

    public int? QueryNodes { get; init; }

    public long NextId() => ++_lastId;

    public Decision Decide(CoordinatorCommand command) => State.Decide(command, Context());

    /// <summary>The command must change something.</summary>
    public Decision.Accepted Do(CoordinatorCommand command)
    {
        var decision = Decide(command);
        if (decision is Decision.Rejected rejected) Assert.Fail($"{command.GetType().Name} was rejected: {rejected.Error.Code} {rejected.Error.Message}");
        var accepted = Assert.IsType<Decision.Accepted>(decision);
        State = State.Apply(accepted.Events);
        return accepted;
    }

    public Decision.Unchanged DoesNothing(CoordinatorCommand command) => Assert.IsType<Decision.Unchanged>(Decide(command));

    /// <summary>The command must be refused with this code and a message that contains the text.</summary>
    public void Refuses(CoordinatorCommand command, ErrorCode code, string text)
    {
        var error = Assert.IsType<Decision.Rejected>(Decide(command)).Error;
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(code, error.Code);
    }

    public void Refuses(CoordinatorCommand command, string text) => Refuses(command, ErrorCode.InvalidParameter, text);

    public CollectionInfo Collection(string name, string database = "") => Catalog.GetCollection(database, name);

    public CollectionInfo Create(string name, CollectionSchema? schema = null, string database = "")
    {
        Do(new CreateCollection(database, name, schema ?? Schemas.Simple));
        return Collection(name, database);
    }

    /// <summary>Creates a collection with an index on its vector field and loads it.</summary>
    public CollectionInfo CreateLoaded(string name, CollectionSchema? schema = null)
    {
        Create(name, schema);
        Do(new CreateIndex("", name, "v"));
        Do(new LoadCollection("", name));
        return Collection(name);
    }

    private DecisionContext Context() => new()
    {
        Now = new Timestamp(++_lastTimestamp),
        Ids = this,
        Salt = ImmutableArray.Create<byte>(1, 2, 3, 4),
        PasswordIterations = 1,
        QueryNodes = QueryNodes,
    };
}

internal static class Schemas
{
    public static readonly FieldSchema Key = new() { Name = "id", Type = DataType.Int64, IsPrimaryKey = true };

    public static readonly CollectionSchema Simple = Of(Key, Vector("v"));

    public static CollectionSchema Of(params ImmutableArray<FieldSchema> fields) => new(fields);

    public static FieldSchema Field(string name, DataType type, params ImmutableArray<(string Key, string Value)> parameters) =>
        new() { Name = name, Type = type, TypeParams = Properties(parameters) };

    public static FieldSchema Vector(string name, int dimension = 8, DataType type = DataType.FloatVector) =>
        Field(name, type, ("dim", $"{dimension}"));

    public static FieldSchema VarChar(string name, int maxLength = 100) => Field(name, DataType.VarChar, ("max_length", $"{maxLength}"));

    public static FieldSchema Sparse(string name) => Field(name, DataType.SparseFloatVector);

    /// <summary>Compares element by element: immutable arrays themselves compare by reference.</summary>
    public static void Same<T>(IEnumerable<T> expected, IEnumerable<T> actual) => Assert.Equal(expected.ToArray(), actual.ToArray());

    public static ImmutableArray<Property> Properties(params ImmutableArray<(string Key, string Value)> pairs) =>
        [.. pairs.Select(p => new Property(p.Key, p.Value))];
}
