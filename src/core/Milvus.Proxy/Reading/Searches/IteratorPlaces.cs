using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>What hits are known by: their keys and, where single elements are found, the elements' places.</summary>
/// <param name="Elements">Aligned with the keys; empty for whole rows.</param>
internal sealed record HitNames(PrimaryKeys Keys, int[] Elements)
{
    public (KeyValue Key, int Element) this[int hit] => (KeyValue.Of(Keys, hit), Elements.Length == 0 ? -1 : Elements[hit]);
}

/// <summary>
/// Remembers, by token, which rows with the last page's last score an iterator has given out, so that equal scores neither repeat nor
/// get lost. Bounded: the place least recently used is forgotten first. Thread-safe.
/// </summary>
internal sealed class IteratorPlaces(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, LinkedListNode<Place>> _places = [];
    private readonly LinkedList<Place> _recent = new();

    private sealed record Place(Guid Token, float Bound, HitNames Given);

    /// <summary>The hits given out at exactly this score; null when the place is not known.</summary>
    public HitNames? Find(Guid token, float bound)
    {
        lock (_gate)
        {
            if (!_places.TryGetValue(token, out var node) || node.Value.Bound != bound) return null;
            _recent.Remove(node);
            _recent.AddFirst(node);
            return node.Value.Given;
        }
    }

    public void Remember(Guid token, float bound, HitNames given)
    {
        lock (_gate)
        {
            if (_places.Remove(token, out var old)) _recent.Remove(old);
            _places[token] = _recent.AddFirst(new Place(token, bound, given));
            if (_places.Count <= capacity) return;
            _places.Remove(_recent.Last!.Value.Token);
            _recent.RemoveLast();
        }
    }

    public void Forget(Guid token)
    {
        lock (_gate)
            if (_places.Remove(token, out var old)) _recent.Remove(old);
    }
}
